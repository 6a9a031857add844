"""A real training on digits, some of whose filters are silent or copies of others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from tensorboard_plugin_convlens import ConvLensCallback
from tensorboard_plugin_convlens.cli.demo_digits import build_model, load_images

RUN = "digits/train"
LAYER, NEXT_LAYER = "conv1", "conv2"
SILENT = (2, 9)
COPY, ORIGINAL = 5, 11
EPOCHS = 3
CAPTURED = 6
_TRAINED, _TESTED = 1200, 300


@dataclass(frozen=True)
class Planted:
    """What was trained: its log directory, the saved model, and data to test verdicts on."""

    log_dir: Path
    model: Path
    data: Path

    def silent_filters(self, share: float = 1.0) -> tuple[int, ...]:
        """Filters at least this share of whose maps is zero over the inputs, by Keras alone."""
        model = keras.models.load_model(self.model)
        with np.load(self.data) as data:
            responses = np.asarray(model.get_layer(LAYER)(data["x"][:CAPTURED]))
        return tuple(np.flatnonzero((responses <= 0).mean(axis=(0, 1, 2)) >= share).tolist())


class _Plant(keras.callbacks.Callback):
    """Makes filters silent and copies one, which the next layer then does not read."""

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        plant(self.model)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        plant(self.model)


def plant(model: keras.Model) -> None:
    """Without the planted filters the model computes what it computes with them."""
    kernel, bias = model.get_layer(LAYER).get_weights()
    kernel[..., list(SILENT)], bias[list(SILENT)] = 0, -1
    kernel[..., COPY], bias[COPY] = kernel[..., ORIGINAL], bias[ORIGINAL]
    model.get_layer(LAYER).set_weights([kernel, bias])
    reading, bias = model.get_layer(NEXT_LAYER).get_weights()
    reading[:, :, COPY] = 0
    model.get_layer(NEXT_LAYER).set_weights([reading, bias])


def train(directory: Path) -> Planted:
    """Trains, and saves the model and data beside the logs."""
    keras.utils.set_random_seed(7)
    images, classes = load_images()
    x, y = images[_TRAINED : _TRAINED + _TESTED], classes[_TRAINED : _TRAINED + _TESTED]
    model = build_model()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    capture = ConvLensCallback(
        str(directory / "logs" / "digits"),
        x[:CAPTURED],
        labels=[int(label) for label in y[:CAPTURED]],
        class_names=[str(digit) for digit in range(10)],
        budget=None,
    )
    model.fit(
        images[:_TRAINED],
        classes[:_TRAINED],
        batch_size=32,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[_Plant(), capture],
    )
    model.save(directory / "digits.keras")
    np.savez(directory / "test.npz", x=x, y=y)
    return Planted(directory / "logs", directory / "digits.keras", directory / "test.npz")
