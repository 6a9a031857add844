"""The structure of a model: one run of it, with every layer call and operation recorded."""
