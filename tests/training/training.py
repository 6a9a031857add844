"""A small training, and the images that it is about."""

from __future__ import annotations

import keras
import numpy as np

IMAGES = np.random.default_rng(0).normal(size=(32, 12, 12, 3)).astype(np.float32)
CLASSES = np.arange(32) % 3


def build_model():
    keras.utils.set_random_seed(3)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv1"),
            layers.BatchNormalization(),
            layers.Conv2D(5, 3, activation="relu", name="conv2"),
            layers.Dropout(0.3),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def fit(model, *callbacks, epochs=3, **options):
    """Trains with a fixed order of examples, eight to a batch."""
    keras.utils.set_random_seed(5)
    return model.fit(
        IMAGES,
        CLASSES,
        batch_size=8,
        epochs=epochs,
        verbose=0,
        callbacks=list(callbacks),
        **options,
    )
