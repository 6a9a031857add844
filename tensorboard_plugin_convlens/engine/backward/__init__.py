"""The way back through the graph, for many filters at once."""
