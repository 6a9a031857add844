"""The `convlens` command: a thin skin over the library."""
