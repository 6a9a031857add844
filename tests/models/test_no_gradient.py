"""Where no gradient can be taken, the whole of it is given up, with the reason."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens import feature_maps, guided_gradients
from tensorboard_plugin_convlens.core.errors import NoConvolutionError, NoGradientError
from tensorboard_plugin_convlens.engine.engine import Engine
from tests.models import unusual_models
from tests.oracle import Oracle

IMAGE = np.random.default_rng(1).normal(size=(1, 16, 16, 3)).astype(np.float32)
WAVE = np.random.default_rng(1).normal(size=(1, 2000, 1)).astype(np.float32)


class WithoutGradient(layers.Layer):
    """TensorFlow has no gradient of this way to resize, and a skip connection has one."""

    def call(self, images):
        return images + tf.raw_ops.ResizeArea(images=images, size=[16, 16])


class Raising(layers.Layer):
    def call(self, images):
        @tf.custom_gradient
        def function(x):
            def gradient(upstream):
                raise ValueError("The author has not written this gradient yet.")

            return x * 2, gradient

        return function(images)


def behind_an_embedding():
    words = keras.Input((20,), dtype="int32")
    x = layers.Conv1D(4, 3, name="c")(layers.Embedding(50, 8)(words))
    return keras.Model(words, x), np.arange(20)[None]


def behind(layer):
    image = keras.Input((16, 16, 3))
    return keras.Model(image, layers.Conv2D(4, 3, name="c")(layer(image))), IMAGE


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (behind_an_embedding, "no gradient flows from it to an input of the model"),
        (lambda: behind(WithoutGradient()), "ResizeArea.*No gradient defined"),
        (lambda: behind(Raising()), "The author has not written this gradient yet"),
        (lambda: behind(layers.Lambda(tf.round)), "no gradient flows from it to an input"),
    ],
)
def test_guided_gradients_say_why_there_are_none_and_maps_are_there(case, reason):
    model, inputs = case()
    with pytest.raises(NoGradientError, match=reason) as caught:
        guided_gradients(model, inputs, "c", [0])
    assert "The layer 'c' has no guided gradients: " in str(caught.value)
    assert not str(caught.value).endswith("..")
    engine = Engine(model, inputs)
    assert [one.what for one in engine.skipped] == ["c"]
    assert engine.skipped[0].reason.endswith("so only its feature maps are captured")
    assert feature_maps(model, inputs, "c").shape[:2] == (1, 4)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_the_part_of_a_gradient_that_goes_through_complex_numbers_is_there(dtype):
    class Doubled(layers.Layer):
        def call(self, images):
            x = tf.cast(tf.transpose(images, [0, 3, 1, 2]), dtype)
            y = tf.math.real(tf.signal.ifft2d(tf.signal.fft2d(x) * 2))
            return tf.cast(tf.transpose(y, [0, 2, 3, 1]), tf.float32)

    image = keras.Input((16, 16, 3))
    x = layers.Add()([Doubled()(image), image])
    model = keras.Model(image, layers.Conv2D(4, 3, name="c")(x))
    found = guided_gradients(model, IMAGE, "c", [0])[0, 0]
    expected = Oracle(model, IMAGE).gradient(0, 0, target="max")[0]
    np.testing.assert_allclose(found, expected, atol=1e-5 * abs(expected).max())


def spectrogram(**options):
    wave = keras.Input((2000, 1))
    layer = layers.STFTSpectrogram(frame_length=64, frame_step=32, name="stft", **options)
    x = layer(wave)
    return keras.Model(wave, layers.Conv1D(4, 3, name="c")(x))


def test_bases_of_a_spectrogram_are_filters_only_where_they_are_trained_or_named():
    fixed, trained = spectrogram(trainable=False), spectrogram()
    engine = Engine(fixed, WAVE)
    assert [engine.graph.layers[one].key for one in engine.convolutions] == ["c"]
    assert "kernels are fixed, not trained" in engine.skipped[0].reason
    assert feature_maps(fixed, WAVE, "stft").shape[1] == 33
    assert len(Engine(trained, WAVE).convolutions) == 2
    frozen = unusual_models.blocks(None)()
    frozen.trainable = False
    assert len(Engine(frozen, IMAGE).convolutions) == 5


def test_a_model_of_fixed_kernels_alone_is_refused_with_their_names():
    wave = keras.Input((2000, 1))
    layer = layers.STFTSpectrogram(frame_length=64, frame_step=32, trainable=False, name="stft")
    with pytest.raises(NoConvolutionError, match=r"\(stft\) are fixed"):
        Engine(keras.Model(wave, layer(wave)), WAVE)
