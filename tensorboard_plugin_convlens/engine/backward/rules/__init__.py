"""How each kind of operation is gone back through."""
