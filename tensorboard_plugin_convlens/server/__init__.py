"""The TensorBoard plugin: routes, the JSON contract and the built tab."""
