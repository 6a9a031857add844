"""When captures are made, and how much time they may take."""
