"""Numbers that rank filters, and what they say about them."""
