"""Small models of every kind, for tests of the engine."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


def functional() -> keras.Model:
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, activation="relu", padding="same")(image)
    x = layers.BatchNormalization()(x)
    y = layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
    y = layers.BatchNormalization()(y)
    x = layers.Add()([layers.ReLU()(y), x])
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(12, 3, strides=2, padding="same")(x)
    x = layers.Activation("relu")(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Flatten()(x)
    return keras.Model(image, layers.Dense(5, activation="softmax")(x))


def sequential() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(8, 5, activation="relu"),
            layers.MaxPooling2D(3, 2),
            layers.Conv2D(8, 3, activation=tf.nn.relu),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4),
        ]
    )


def backbone() -> keras.Model:
    image = keras.Input((None, None, 3))
    x = layers.Conv2D(6, 3, activation="relu", name="conv1")(image)
    x = layers.Conv2D(3, 3, name="conv2")(x)
    return keras.Model(image, layers.ReLU()(x), name="backbone")


def nested() -> keras.Model:
    image = keras.Input((32, 32, 3))
    x = backbone()(layers.Rescaling(0.5)(image))
    return keras.Model(image, layers.Conv2D(6, 3, activation="relu", name="top")(x))


def nested_twice() -> keras.Model:
    image, inner = keras.Input((32, 32, 3)), backbone()
    return keras.Model(image, layers.Conv2D(4, 3)(inner(inner(image))))


class Subclassed(keras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.first = layers.Conv2D(8, 3, padding="same")
        self.second = layers.Conv2D(8, 3, padding="same")
        self.sequence = keras.Sequential([layers.Conv2D(4, 1), layers.ReLU(max_value=6)])
        self.blocks = [layers.Conv2D(4, 3, activation="relu") for _ in range(2)]

    def call(self, images: Any, training: bool = False) -> Any:
        x = tf.nn.relu(self.first(images))
        x = self.sequence(ops.relu(self.second(x)) + x)
        for block in self.blocks:
            x = block(x)
        return x


def called(model: keras.Model, *shapes: tuple[int, ...]) -> keras.Model:
    model(*(tf.zeros((1, *shape)) for shape in shapes))
    return model


@keras.saving.register_keras_serializable("convlens_tests")
class Compiled(layers.Layer):
    """A layer whose call is a `tf.function`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = layers.Conv2D(3, 3)

    @tf.function
    def call(self, images: Any) -> Any:
        return tf.nn.relu(self.inner(images))


def compiled() -> keras.Model:
    image = keras.Input((32, 32, 3))
    return keras.Model(image, Compiled()(Compiled()(image)))


def shared() -> keras.Model:
    image = keras.Input((32, 32, 3))
    conv = layers.Conv2D(3, 3, padding="same", activation="relu", name="shared")
    return keras.Model(image, layers.Conv2D(4, 3)(conv(conv(conv(image)))))


def several_inputs() -> keras.Model:
    color, depth = (
        keras.Input((32, 32, 3), name="color"),
        keras.Input((32, 32, 1), name="depth"),
    )
    x = layers.Conv2D(8, 3, activation="relu")(color)
    y = layers.Conv2D(8, 3, activation="relu")(depth)
    both = layers.Conv2D(8, 3, activation="relu")(layers.Concatenate()([x, y]))
    return keras.Model([color, depth], both)


def dictionary() -> keras.Model:
    color, extra = keras.Input((32, 32, 3), name="color"), keras.Input((4,), name="extra")
    x = layers.Conv2D(8, 3, activation="relu")(color)
    scale = layers.Reshape((1, 1, 8))(layers.Dense(8, activation="sigmoid")(extra))
    x = layers.Conv2D(8, 3, activation="relu")(layers.Multiply()([x, scale]))
    return keras.Model({"color": color, "extra": extra}, x)


def several_outputs() -> keras.Model:
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, activation="relu")(image)
    y = layers.GlobalAveragePooling2D()(layers.Conv2D(8, 3, activation="relu")(x))
    kind = layers.Dense(4, activation="softmax", name="kind")(y)
    return keras.Model(image, {"kind": kind, "map": layers.Conv2D(2, 1)(x)})


def loaded(suffix: str) -> keras.Model:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"model{suffix}"
        functional().save(path)
        return keras.models.load_model(path, compile=False)


def mixed(policy: str) -> keras.Model:
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_global_policy(policy)
    try:
        return sequential()
    finally:
        keras.mixed_precision.set_global_policy(before)


def wrapped() -> keras.Model:
    image = keras.Input((32, 32, 3))
    x = layers.SpectralNormalization(layers.Conv2D(8, 3, activation="relu"))(image)
    x = layers.LayerNormalization()(layers.GaussianNoise(0.1)(x))
    return keras.Model(image, layers.Conv2D(8, 3, activation="relu")(x))


def over_time() -> keras.Model:
    frames = keras.Input((4, 16, 16, 3))
    x = layers.TimeDistributed(layers.Conv2D(4, 3, activation="relu"))(frames)
    return keras.Model(frames, layers.TimeDistributed(layers.Conv2D(4, 3))(x))


def regularized() -> keras.Model:
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, activation="relu", activity_regularizer="l2")(image)
    return keras.Model(image, layers.Conv2D(8, 3, activation="relu")(x))


def gated() -> keras.Model:
    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, padding="same", activation="swish")(image)
    gate = layers.GlobalAveragePooling2D(keepdims=True)(x)
    gate = layers.Conv2D(4, 1, activation="relu")(gate)
    gate = layers.Conv2D(8, 1, activation="sigmoid")(gate)
    x = layers.Multiply()([x, gate])
    return keras.Model(image, layers.Conv2D(8, 3, activation="relu")(x))


class Attention(keras.Model):
    """Convolutions around self-attention."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = layers.Conv2D(8, 4, strides=4, activation="relu")
        self.query, self.key, self.value = (layers.Dense(8) for _ in range(3))
        self.norm = layers.LayerNormalization()
        self.last = layers.Conv2D(4, 3)

    def call(self, images: Any) -> Any:
        x = ops.reshape(self.embed(images), (-1, 64, 8))
        scores = ops.matmul(self.query(x), ops.transpose(self.key(x), (0, 2, 1)))
        attended = ops.matmul(ops.softmax(scores / 8**0.5), self.value(x))
        return self.last(ops.reshape(self.norm(x + attended), (-1, 8, 8, 8)))


def rectifier(make: Callable[[], Any]) -> Callable[[], keras.Model]:
    """Two rectifiers, made by `make`, between three convolutions with wide outputs."""

    def build() -> keras.Model:
        image = keras.Input((32, 32, 3))
        x: Any = image
        for _ in range(2):
            wide = keras.initializers.RandomNormal(0, 0.5)
            x = make()(layers.Conv2D(8, 3, padding="same", kernel_initializer=wide)(x))
        return keras.Model(image, layers.Conv2D(4, 3)(x))

    return build


def activation(function: Any) -> Callable[[], keras.Model]:
    """`activation=` of the convolutions themselves."""
    return lambda: keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(8, 3, activation=function),
            layers.Conv2D(8, 3, activation=function),
            layers.Conv2D(4, 3, activation=function),
        ]
    )


def chain(shape: tuple[int, ...], *make: Callable[[], Any]) -> Callable[[], keras.Model]:
    return lambda: keras.Sequential([keras.Input(shape), *(one() for one in make)])


def application(name: str, size: int = 64) -> Callable[[], keras.Model]:
    make = getattr(keras.applications, name)
    return lambda: make(weights=None, input_shape=(size, size, 3), include_top=False)


def pools() -> keras.Model:
    image = keras.Input((33, 31, 3))
    x = layers.Conv2D(8, 3, activation="relu")(image)
    x = layers.MaxPooling2D(3, 2, padding="same")(x)
    x = layers.Conv2D(8, 3, activation="relu", padding="same")(x)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Conv2D(8, 1, activation="relu")(layers.ZeroPadding2D(((1, 0), (2, 1)))(x))
    x = layers.MaxPooling2D((2, 1))(x)
    x = layers.AveragePooling2D(3, 1, padding="same")(x)
    x = layers.Conv2D(4, (1, 3), activation="relu")(x)
    x = layers.Reshape((1, 1, 4))(layers.GlobalMaxPooling2D()(x))
    return keras.Model(image, layers.Conv2D(4, 1)(x))
