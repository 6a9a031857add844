"""Captures computed in other processes."""
