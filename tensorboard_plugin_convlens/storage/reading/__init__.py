"""Captures read back from untrusted files."""
