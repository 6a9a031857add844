"""Files of ConvLens: packs, manifests, model graphs and summaries. No TensorFlow."""
