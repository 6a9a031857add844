"""Small models that compute in unusual ways: own gradients, complex numbers, inner layers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
from keras import layers, ops


class Block(layers.Layer):
    """Two convolutions, a normalization and two rectifiers, run by `around(self.compute)`.

    Args:
      around: Makes the function that is called of the plain one, such as `tf.recompute_grad`.
    """

    def __init__(self, around: Callable[..., Any] | None, **options: Any) -> None:
        super().__init__(**options)
        self.first = layers.Conv2D(8, 3, padding="same", activation="relu")
        self.normal = layers.BatchNormalization(
            moving_mean_initializer="random_normal", beta_initializer="random_normal"
        )
        self.second = layers.Conv2D(8, 3, padding="same", use_bias=False)
        self.around = around

    def build(self, shape: Any) -> None:
        self.first.build(shape)
        inner = (*shape[:-1], 8)
        self.normal.build(inner)
        self.second.build(inner)
        super().build(shape)

    def compute(self, images: Any) -> Any:
        x = self.normal(self.first(images))
        return tf.nn.relu(self.second(x))

    def call(self, images: Any) -> Any:
        function = self.compute if self.around is None else self.around(self.compute)
        return function(images)

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape[:-1], 8)


def by_hand(function: Callable[..., Any]) -> Any:
    """A function whose gradient computes it once more, as people write it themselves."""

    @tf.custom_gradient
    def computed(x: Any) -> Any:
        def gradient(upstream: Any, variables: Any = None) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(x)
                again = function(x)
            wanted = tape.gradient(again, x, output_gradients=upstream)
            return (wanted, [None] * len(variables)) if variables else wanted

        return function(x), gradient

    return computed


def twice(function: Callable[..., Any]) -> Any:
    """Checkpointed inside of something checkpointed."""
    return tf.recompute_grad(lambda x: tf.recompute_grad(function)(x) * 1.0)


def clipped(function: Callable[..., Any]) -> Any:
    """A function with a gradient that is not its derivative."""

    @tf.custom_gradient
    def computed(x: Any) -> Any:
        def gradient(upstream: Any, variables: Any = None) -> Any:
            wanted = tf.clip_by_value(tf.reduce_sum(upstream, -1, keepdims=True), -0.01, 0.01)
            return (wanted * tf.ones_like(x), [None] * len(variables or ()))

        return function(x), gradient

    return computed


def blocks(around: Callable[..., Any] | None) -> Callable[[], keras.Model]:
    """A Functional model of two blocks."""

    def build() -> keras.Model:
        image = keras.Input((16, 16, 3))
        x = layers.MaxPooling2D()(Block(around)(image))
        return keras.Model(image, layers.Conv2D(4, 3, name="last")(Block(around)(x)))

    return build


class Subclassed(keras.Model):
    """A subclassed model around a whole model that is checkpointed."""

    def __init__(self, around: Callable[..., Any] | None) -> None:
        super().__init__()
        image = keras.Input((16, 16, 3))
        self.inner = keras.Model(image, Block(None)(Block(None)(image)))
        self.last = layers.Conv2D(4, 3, name="last")
        self.around = around

    def call(self, images: Any, training: bool = False) -> Any:
        inner = functools.partial(self.inner, training=training)
        return self.last((self.around(inner) if self.around else inner)(images))


def subclassed(around: Callable[..., Any] | None) -> Callable[[], keras.Model]:
    def build() -> keras.Model:
        model = Subclassed(around)
        model(tf.zeros((1, 16, 16, 3)))
        return model

    return build


def in_scope(mode: str | None) -> Callable[[], keras.Model]:
    """A Sequential model made in a `keras.RematScope`."""

    def build() -> keras.Model:
        with keras.RematScope(mode=mode):
            return keras.Sequential(
                [
                    keras.Input((16, 16, 3)),
                    layers.Conv2D(8, 3, activation="relu"),
                    layers.BatchNormalization(),
                    layers.Conv2D(8, 3),
                    layers.ReLU(),
                    layers.Conv2D(4, 3, name="last"),
                ]
            )

    return build


class StraightThrough(layers.Layer):
    """Signs, with the gradient of the identity."""

    def call(self, images: Any) -> Any:
        @tf.custom_gradient
        def signs(x: Any) -> Any:
            return tf.sign(x), lambda upstream: tf.where(abs(x) < 1, upstream, 0)

        return signs(images)


def binary() -> keras.Model:
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(8, 3, activation="relu")(image)
    return keras.Model(image, layers.Conv2D(4, 3)(StraightThrough()(x - 0.2)))


class Spectral(layers.Layer):
    """Weights frequencies, of each channel."""

    def build(self, shape: Any) -> None:
        size = (2, shape[-1], *shape[1:-1])
        self.weights_of = self.add_weight(shape=size, initializer="random_normal", name="w")

    def call(self, images: Any) -> Any:
        x = tf.cast(tf.transpose(images, [0, 3, 1, 2]), tf.complex64)
        weights = tf.complex(self.weights_of[0], self.weights_of[1])
        y = tf.signal.ifft2d(tf.signal.fft2d(x) * weights)
        return tf.transpose(tf.math.real(y) + tf.abs(y), [0, 2, 3, 1])


def spectral() -> keras.Model:
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(4, 3, activation="relu", padding="same")(image)
    x = layers.ReLU()(layers.Conv2D(4, 3, padding="same")(layers.Add()([Spectral()(x), x])))
    return keras.Model(image, layers.Conv2D(4, 3)(x))


class Stft(layers.Layer):
    """Magnitude and phase of short times, by `tf.signal`."""

    def call(self, waves: Any) -> Any:
        found = tf.signal.stft(waves, 64, 32)
        return tf.stack([tf.abs(found), tf.math.angle(found)], -1)


def audio(make: Callable[[], Any]) -> Callable[[], keras.Model]:
    """A spectrogram, made by a layer, and convolutions."""

    def build() -> keras.Model:
        wave = keras.Input((512,))
        x = make()(wave)
        if len(x.shape) == 3:
            x = layers.Reshape((*x.shape[1:], 1))(x)
        x = layers.Conv2D(4, 3, activation="relu")(x)
        return keras.Model(wave, layers.Conv2D(4, 3)(x))

    return build


def mel() -> Any:
    return layers.MelSpectrogram(64, 32, 64, sampling_rate=8000, num_mel_bins=16)


class Transformed(layers.Layer):
    """`keras.ops` instead of `tf.signal`: pairs of real and imaginary parts."""

    def call(self, images: Any) -> Any:
        real, imaginary = ops.fft2((ops.transpose(images, (0, 3, 1, 2)), images[:, 0] * 0))
        return ops.transpose(ops.sqrt(real**2 + imaginary**2 + 1e-3), (0, 2, 3, 1))


class Normalizing(layers.Conv2D):
    """Normalizes what it convolves."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.normal = layers.BatchNormalization(
            moving_mean_initializer="random_normal", gamma_initializer="random_uniform"
        )

    def build(self, shape: Any) -> None:
        super().build(shape)
        self.normal.build(self.compute_output_shape(shape))

    def call(self, images: Any) -> Any:
        return self.normal(super().call(images))


class Mirrored(layers.Conv2D):
    """Pads by reflection, with a layer of its own."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.pad = layers.Lambda(
            lambda x: tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")
        )

    def call(self, images: Any) -> Any:
        return super().call(self.pad(images))


def convolving(*make: Callable[[], Any]) -> Callable[[], keras.Model]:
    return lambda: keras.Sequential([keras.Input((16, 16, 3)), *(one() for one in make)])


def own_rectifier(values: Any) -> Any:
    return tf.nn.relu(values)


def own_functions() -> keras.Model:
    """Functions of one's own as `activation=`."""
    given = (
        own_rectifier,
        lambda values: tf.nn.relu(values),
        functools.partial(keras.activations.relu, max_value=6),
        functools.partial(keras.activations.relu, max_value=2),
    )
    wide = keras.initializers.RandomNormal(0, 0.5)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            *(layers.Conv2D(6, 3, activation=one, kernel_initializer=wide) for one in given),
            layers.Conv2D(4, 3),
        ]
    )


def leaking_functions() -> keras.Model:
    """The same, of rectifiers that pass something below zero."""
    relu = keras.activations.relu
    given = (
        functools.partial(relu, negative_slope=0.1),
        functools.partial(relu, negative_slope=0.1, max_value=2),
        lambda values: relu(values, negative_slope=0.1, threshold=0.2),
    )
    wide = keras.initializers.RandomNormal(0, 0.5)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            *(layers.Conv2D(6, 3, activation=one, kernel_initializer=wide) for one in given),
            layers.Conv2D(4, 3),
        ]
    )


class HardBlock(layers.Layer):
    """Calls a layer, and then the activation function that it was given."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.conv = layers.Conv2D(6, 3)
        self.activation = keras.activations.get("hard_silu")

    def build(self, shape: Any) -> None:
        self.conv.build(shape)
        super().build(shape)

    def call(self, images: Any) -> Any:
        return self.activation(self.conv(images))
