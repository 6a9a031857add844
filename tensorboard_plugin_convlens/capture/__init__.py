"""Capture: the only room that may import Keras or TensorFlow."""
