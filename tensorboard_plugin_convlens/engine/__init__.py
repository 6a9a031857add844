"""Feature maps, gradients and statistics of every filter."""
