"""Captures of a model, step after step, into a log directory."""
