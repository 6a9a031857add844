"""The forms of files: messages, their checks, packs and names."""
