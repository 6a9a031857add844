"""The demo's training run: a small network learns scikit-learn's handwritten digits."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from tensorboard_plugin_convlens.recording.callback import ConvLensCallback

EPOCHS = 10
CAPTURED = 6
_SEED = 7
_SIDE = 28


def load_images() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The 1797 digits, `float32 [batch, 28, 28, 1]` in 0 … 1, and their classes.

    The images have 8 by 8 pixels; they are enlarged to show more.
    """
    digits = load_digits()
    small = digits.images[..., None].astype(np.float32) / 16
    large = keras.ops.image.resize(small, (_SIDE, _SIDE), interpolation="bicubic")
    images = np.clip(keras.ops.convert_to_numpy(large), 0, 1)
    return images, digits.target.astype(np.int64)


def build_model() -> keras.Model:
    """A usual network of four convolutions; one has separate BatchNormalization and ReLU."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((_SIDE, _SIDE, 1), name="digit"),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv1"),
            layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2"),
            layers.MaxPooling2D(name="pool1"),
            layers.Conv2D(32, 3, padding="same", use_bias=False, name="conv3"),
            layers.BatchNormalization(name="bn3"),
            layers.ReLU(name="relu3"),
            layers.Conv2D(32, 3, padding="same", activation="relu", name="conv4"),
            layers.MaxPooling2D(name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dropout(0.2, name="dropout"),
            layers.Dense(10, activation="softmax", name="digit_class"),
        ],
        name="digits",
    )


def train_on_digits(log_dir: str, *, epochs: int = EPOCHS) -> keras.Model:
    """Trains with `ConvLensCallback` beside Keras' own; run `digits/train` of `log_dir`."""
    keras.utils.set_random_seed(_SEED)
    images, classes = load_images()
    train_x, test_x, train_y, test_y = train_test_split(
        images, classes, test_size=0.2, random_state=_SEED
    )
    model = build_model()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    print(f"Training a small network on {len(train_x)} handwritten digits, {epochs} epochs:")
    model.fit(
        train_x,
        train_y,
        batch_size=32,
        epochs=epochs,
        validation_data=(test_x, test_y),
        verbose=1,
        callbacks=[
            ConvLensCallback(
                f"{log_dir}/digits",
                test_x[:CAPTURED],
                labels=[int(label) for label in test_y[:CAPTURED]],
                class_names=[str(digit) for digit in range(10)],
                methods=("activation", "guided", "gradient", "kernel"),
                budget=None,
            ),
            keras.callbacks.TensorBoard(f"{log_dir}/digits", write_graph=False),
        ],
    )
    return model
