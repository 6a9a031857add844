"""Values and arithmetic of ConvLens. Imports the standard library and NumPy only."""
