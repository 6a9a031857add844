"""File formats: messages, their checks, packs and names."""
