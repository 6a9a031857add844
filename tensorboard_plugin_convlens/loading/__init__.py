"""Models and data from users' files."""
