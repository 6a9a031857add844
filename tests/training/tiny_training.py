"""A training that takes some hundredths of a second, for tests that need hundreds of them."""

from __future__ import annotations

import keras
import numpy as np

from tensorboard_plugin_convlens.engine.engine import Engine

IMAGES = np.random.default_rng(0).normal(size=(4, 6, 6, 1)).astype(np.float32)
CLASSES = np.arange(4) % 2


class TinyTraining:
    """Trainings of a tiny model, again and again from the same weights; traced once."""

    def __init__(self) -> None:
        keras.utils.set_random_seed(1)
        layers = keras.layers
        self.model = keras.Sequential(
            [
                keras.Input((6, 6, 1)),
                layers.Conv2D(2, 3, activation="relu", name="conv"),
                layers.GlobalAveragePooling2D(),
                layers.Dense(2),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(keras.optimizers.SGD(0.5), loss)
        self.begins = self.model.get_weights()
        self.expected = self.fit()
        self.engine = Engine(self.model, IMAGES[:1])

    def fit(self, *callbacks: keras.callbacks.Callback, epochs: int = 1) -> list[bytes]:
        """The weights after training; `expected` after one epoch."""
        self.model.set_weights(self.begins)
        self.model.optimizer.iterations.assign(0)
        options = {"batch_size": 4, "epochs": epochs, "shuffle": False, "verbose": 0}
        self.model.fit(IMAGES, CLASSES, callbacks=list(callbacks), **options)
        return [one.tobytes() for one in self.model.get_weights()]
