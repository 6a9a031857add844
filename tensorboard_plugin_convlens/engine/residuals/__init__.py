"""Values of the forward pass for the backward pass: whole, active channels, windows."""
