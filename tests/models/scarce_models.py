"""Models of operations that TensorFlow's CPU has only with oneDNN, or compiled by XLA."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

_FIRST: dict[str, Any] = {"data_format": "channels_first"}


def channels_first() -> keras.Model:
    """Every kind of layer that has a layout."""
    image = keras.Input((4, 24, 24))
    x = layers.Conv2D(8, 3, activation="relu", **_FIRST)(image)
    x = layers.Conv2D(8, 3, groups=2, padding="same", **_FIRST)(x)
    x = layers.BatchNormalization(axis=1)(x)
    x = layers.ReLU()(x)
    x = layers.MaxPooling2D(3, 2, **_FIRST)(x)
    x = layers.SeparableConv2D(6, 3, activation="relu", **_FIRST)(x)
    x = layers.AveragePooling2D(2, **_FIRST)(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, activation="relu", **_FIRST)(x)
    x = layers.UpSampling2D(**_FIRST)(x)
    x = layers.Conv2D(4, 3, strides=2, dilation_rate=1, padding="same", **_FIRST)(x)
    x = layers.GlobalAveragePooling2D(**_FIRST)(x)
    return keras.Model(image, layers.Dense(3)(x))


def volumes_channels_first() -> keras.Model:
    """In three dimensions, with groups."""
    image = keras.Input((4, 8, 12, 12))
    x = layers.Conv3D(8, 3, activation="relu", padding="same", **_FIRST)(image)
    x = layers.MaxPooling3D((1, 2, 2), **_FIRST)(x)
    x = layers.Conv3D(8, 3, groups=2, activation="relu", **_FIRST)(x)
    x = layers.AveragePooling3D(2, **_FIRST)(x)
    return keras.Model(image, layers.Conv3DTranspose(4, 2, activation="relu", **_FIRST)(x))


def grouped_volumes() -> keras.Model:
    """TensorFlow's CPU has no such operation at all; Keras has it compiled."""
    image = keras.Input((8, 12, 12, 4))
    x = layers.Conv3D(8, 3, groups=2, activation="relu")(image)
    return keras.Model(image, layers.Conv3D(4, 3, groups=4, activation="relu")(x))


def unequal() -> keras.Model:
    """Dilated transposed convolutions, and a depthwise one of unequal strides."""
    image = keras.Input((16, 16, 3))
    x = layers.DepthwiseConv2D(3, strides=(2, 1), activation="relu")(image)
    x = layers.Conv2DTranspose(6, 3, dilation_rate=2, activation="relu")(x)
    return keras.Model(image, layers.Conv2D(4, 3, dilation_rate=(2, 1))(x))
