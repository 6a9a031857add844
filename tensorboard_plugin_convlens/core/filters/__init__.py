"""Numbers that rank filters, and their interpretation."""
