"""Smaller models, without the filters that a mask removes."""
