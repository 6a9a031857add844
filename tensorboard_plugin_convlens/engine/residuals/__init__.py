"""Values of the forward pass, as going back reads them: whole, active channels, windows."""
