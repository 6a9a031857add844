"""What must hold of the repository as a whole: imports, names, documents, packaging."""
