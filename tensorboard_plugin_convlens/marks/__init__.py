"""What people say about filters: marks, kept in a database of append-only events."""
