"""The gradient rules of each kind of operation."""
