"""Captures on their way to the disk."""
