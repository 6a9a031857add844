"""Pictures as arrays: levels, sizes, and what a unit sees of an input."""
