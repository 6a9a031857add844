"""Small real trainings to compare: like and unlike each other, restarted, fine-tuned."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from keras import layers

from tensorboard_plugin_convlens import ConvLensCallback

FIRST = "first/train"
SECOND = "second/train"
ELSEWHERE = "elsewhere/train"
WIDER = "wider/train"
RESTARTED = "restarted/train"
TUNED = "tuned/train"
DYING = "dying/train"

FILTERS = 5
WIDER_FILTERS = 8
METHODS = ("activation", "guided", "kernel")
_SIDE = 16
_IMAGES = np.random.default_rng(0).normal(size=(24, _SIDE, _SIDE, 3)).astype(np.float32)
_CLASSES = np.arange(24) % 3


def write_trainings(log_dir: Path) -> None:
    """Writes every run of this module below a log directory."""
    fit(plain_model(1), log_dir / "first", epochs=3)
    fit(plain_model(2), log_dir / "second", epochs=2)
    fit(plain_model(3), log_dir / "elsewhere", epochs=1, captured=_IMAGES[5:9])
    fit(wider_model(), log_dir / "wider", epochs=1)
    _restart(log_dir / "restarted")
    _fine_tune(log_dir / "tuned")
    _silence_and_revive(log_dir / "dying")


def _restart(log_dir: Path) -> None:
    """Steps 0 to 4, then a second session in the same run that begins again at step 2."""
    fit(plain_model(1), log_dir, epochs=4)
    fit(plain_model(2), log_dir, epochs=3, initial_epoch=2)


def _fine_tune(log_dir: Path) -> None:
    """Two epochs with a frozen backbone, then two with everything."""
    model, backbone = nested_model()
    backbone.trainable = False
    fit(model, log_dir, epochs=2)
    backbone.trainable = True
    fit(model, log_dir, epochs=4, initial_epoch=2)


def _silence_and_revive(log_dir: Path) -> None:
    """Filter 0 of `conv1` is silent at steps 1 and 2, and responds again at step 3."""
    model = plain_model(6)
    kernel, bias = model.get_layer("conv1").get_weights()

    def set_bias(epoch: int) -> None:
        changed = bias.copy()
        changed[0] = -100 if epoch < 2 else 1
        model.get_layer("conv1").set_weights([kernel * (1 + epoch), changed])

    at_end = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: set_bias(epoch))
    fit(model, log_dir, epochs=3, before=[at_end])


def plain_model(seed: int) -> keras.Model:
    """Two convolutions and a classifier."""
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((_SIDE, _SIDE, 3)),
            layers.Conv2D(FILTERS, 3, activation="relu", name="conv1"),
            layers.Conv2D(4, 3, activation="relu", name="conv2"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax", name="classes"),
        ]
    )


def wider_model() -> keras.Model:
    """Another architecture: more filters in one layer, one left out, one more."""
    keras.utils.set_random_seed(4)
    return keras.Sequential(
        [
            keras.Input((_SIDE, _SIDE, 3)),
            layers.Conv2D(WIDER_FILTERS, 3, activation="relu", name="conv1"),
            layers.Conv2D(6, 3, activation="relu", name="conv3"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax", name="classes"),
        ]
    )


def nested_model() -> tuple[keras.Model, keras.Model]:
    """A model with a backbone inside, and the backbone."""
    keras.utils.set_random_seed(5)
    image = keras.Input((_SIDE, _SIDE, 3))
    hidden = layers.Conv2D(6, 3, activation="relu", name="conv1")(image)
    hidden = layers.Conv2D(5, 3, activation="relu", name="conv2")(hidden)
    backbone = keras.Model(image, hidden, name="backbone")
    model = keras.Sequential(
        [
            keras.Input((_SIDE, _SIDE, 3)),
            backbone,
            layers.Conv2D(4, 3, activation="relu", name="top"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    return model, backbone


def fit(
    model: keras.Model,
    log_dir: Path,
    *,
    epochs: int,
    initial_epoch: int = 0,
    captured: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = _IMAGES[:2],
    before: Sequence[keras.callbacks.Callback] = (),
) -> None:
    """Trains a model and captures every epoch as the run `train` of a log directory.

    Callbacks that are called `before` may change what is captured.
    """
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    callback = ConvLensCallback(
        log_dir,
        captured,
        labels=[f"image {at}" for at in range(len(captured))],
        class_names=["cat", "dog", "owl"],
        methods=METHODS,
        budget=None,
    )
    model.fit(
        _IMAGES,
        _CLASSES,
        epochs=epochs,
        initial_epoch=initial_epoch,
        batch_size=8,
        verbose=0,
        callbacks=[*before, callback],
    )
