"""Training a model whose `train_step` calls its parts, such as a generative adversarial one."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
from tensorboard_plugin_convlens.storage.reading.reader import Reader

IMAGES = np.random.default_rng(0).normal(size=(24, 8, 8, 1)).astype(np.float32)
NOISE = np.random.default_rng(1).normal(size=(2, 4)).astype(np.float32)


class Adversarial(keras.Model):
    """The shape of keras.io's DCGAN: two parts, two optimizers, no `call`."""

    def __init__(self):
        super().__init__()
        layers = keras.layers
        self.discriminator = keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(3, 3, strides=2, activation="relu", name="look"),
                layers.Flatten(),
                layers.Dense(1),
            ],
            name="discriminator",
        )
        self.generator = keras.Sequential(
            [
                keras.Input((4,)),
                layers.Dense(16, activation="relu"),
                layers.Reshape((4, 4, 1)),
                layers.Conv2DTranspose(1, 4, strides=2, padding="same", name="draw"),
            ],
            name="generator",
        )

    def compile(self):
        super().compile()
        self.first_optimizer = keras.optimizers.Adam()
        self.second_optimizer = keras.optimizers.Adam()

    def train_step(self, images):
        noise = tf.random.normal((tf.shape(images)[0], 4), seed=1)
        with tf.GradientTape(persistent=True) as tape:
            made = self.discriminator(self.generator(noise))
            told_apart = tf.reduce_mean(made) - tf.reduce_mean(self.discriminator(images))
            passed = -tf.reduce_mean(made)
        for optimizer, part, loss in (
            (self.first_optimizer, self.discriminator, told_apart),
            (self.second_optimizer, self.generator, passed),
        ):
            weights = part.trainable_variables
            optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return {"loss": told_apart}


def trained(*callbacks_of):
    """A model after two epochs of three batches, with callbacks made for it."""
    keras.utils.set_random_seed(2)
    model = Adversarial()
    model.compile()
    callbacks = [make(model) for make in callbacks_of]
    keras.utils.set_random_seed(3)
    model.fit(IMAGES, batch_size=8, epochs=2, verbose=0, callbacks=callbacks)
    return model


def test_each_part_is_captured_in_a_run_of_its_own_and_the_training_stays_the_same(tmp_path):
    captured = trained(
        lambda gan: ConvLensCallback(
            tmp_path, IMAGES[:2], model=gan.discriminator, run="discriminator"
        ),
        lambda gan: ConvLensCallback(tmp_path, NOISE, model=gan.generator, run="generator"),
    )
    plain = trained()

    reader = Reader(tmp_path)
    assert reader.steps("discriminator") == reader.steps("generator") == (0, 1, 2)
    look = captured.discriminator.get_layer("look")(IMAGES[:1]).numpy()[0]
    np.testing.assert_allclose(
        reader.feature_maps("discriminator", 2, "look"), np.moveaxis(look, -1, 0), atol=0.02
    )
    for ours, theirs in zip(captured.weights, plain.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_batches_are_counted_where_the_models_own_optimizer_counts_none(tmp_path):
    trained(
        lambda gan: ConvLensCallback(
            tmp_path, IMAGES[:2], model=gan.discriminator, freq="batch:2"
        )
    )

    assert Reader(tmp_path).steps("train") == (0, 2, 4, 6)


def test_the_error_for_a_model_that_is_never_called_suggests_capturing_a_part(tmp_path, caplog):
    trained(lambda gan: ConvLensCallback(tmp_path, IMAGES[:2]))

    assert "capture a part: ConvLensCallback(…, model=gan.discriminator)" in caplog.text


def test_with_strict_mode_that_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVLENS_STRICT", "1")

    with pytest.raises(Exception, match="never been called"):
        trained(lambda gan: ConvLensCallback(tmp_path, IMAGES[:2]))
