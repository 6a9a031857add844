"""Gradients of single units, computed only where the units see the input."""
