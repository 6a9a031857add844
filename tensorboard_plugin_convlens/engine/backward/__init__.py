"""The backward pass through the graph, for many filters at once."""
