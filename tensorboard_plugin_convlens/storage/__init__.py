"""ConvLens at rest: packs, manifests, model graphs and summaries. No TensorFlow."""
