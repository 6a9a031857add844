"""What people say about filters, and tests of it, as values."""
