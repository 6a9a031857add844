"""The `convlens` command: a thin layer over the library."""
