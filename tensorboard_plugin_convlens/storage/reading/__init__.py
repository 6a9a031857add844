"""Captures read back, from files that nobody vouches for."""
