"""What a model is: one run of it, with every layer call and operation recorded."""
