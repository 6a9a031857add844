"""Models and data from files that people have."""
