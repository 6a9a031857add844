"""Channels that are inactive at an image are not computed, and nobody can tell."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.engine.functions import to_frame
from tensorboard_plugin_convlens.engine.residuals.active_channels import (
    ActiveChannels,
    ChannelChain,
)
from tests.oracle import Oracle

IMAGE = np.random.default_rng(4).normal(size=(1, 24, 24, 3)).astype(np.float32)


def silence(model: keras.Model, every: int) -> keras.Model:
    """Gives most channels of every 32 a bias far below zero; each `every`-th stays active."""
    keras.utils.set_random_seed(3)
    for layer in model.layers:
        parts = layer.get_weights()
        biased = [one for one in parts if one.shape == (32,)]
        if isinstance(layer, layers.Conv2D | layers.BatchNormalization) and biased:
            bias = parts[1] if len(parts) == 4 else parts[-1]
            bias -= 1e3
            bias[::every] += 1e3
            layer.set_weights(parts)
    return model


def plain() -> list[layers.Layer]:
    return [
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, activation="relu6", padding="same"),
        layers.Conv2D(32, 3, activation="relu"),
    ]


def normalized() -> list[layers.Layer]:
    return [
        layers.Conv2D(32, 3, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.ZeroPadding2D(),
        layers.DepthwiseConv2D(3, strides=2),
        layers.ReLU(6.0),
        layers.Conv2D(32, 1, activation="relu"),
        layers.Conv2D(8, 3),
    ]


def strided() -> list[layers.Layer]:
    return [
        layers.Conv2D(32, 5, strides=2, activation="relu"),
        layers.MaxPooling2D(3, 2),
        layers.Conv2D(32, 3, activation="relu"),
        layers.Conv2D(4, 3, dilation_rate=2, padding="same"),
    ]


def sequence(between: list[layers.Layer]) -> keras.Model:
    return keras.Sequential([keras.Input((24, 24, 3)), *between])


def branching() -> keras.Model:
    """One branch goes around the rectifier, so that nothing before it is inactive."""
    image = keras.Input((24, 24, 3))
    x = layers.Conv2D(32, 3, padding="same")(image)
    x = layers.Conv2D(32, 3, padding="same")(layers.Add()([layers.ReLU()(x), x]))
    left = layers.Conv2D(4, 3, activation="relu")(layers.ReLU()(x))
    return keras.Model(image, layers.Concatenate()([left, layers.Conv2D(4, 3)(x)]))


def scaled_by_an_input() -> keras.Model:
    """The second input scales channels, and has gradients itself."""
    image = keras.Input((24, 24, 3))
    scale = keras.Input((1, 1, 32))
    x = layers.Conv2D(32, 3)(image)
    x = layers.ReLU()(layers.Multiply()([x, scale]))
    return keras.Model([image, scale], layers.Conv2D(4, 3)(x))


MODELS = {
    "plain": lambda: sequence(plain()),
    "normalized": lambda: sequence(normalized()),
    "strided": lambda: sequence(strided()),
    "branching": branching,
}


@pytest.mark.parametrize("build", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("target", ["max", "sum"])
@pytest.mark.parametrize("method", ["guided", "gradient"])
def test_gradients_equal_the_oracle_where_most_channels_are_inactive(build, target, method):
    model = silence(build(), 4)
    engine, oracle = engine_of(model), Oracle(model, IMAGE, guided=method == "guided")
    forward = engine.run(IMAGE)
    for position, layer in enumerate(engine.convolutions):
        channels = [0, 1, 31]
        if engine.graph.layers[layer].channels != 32:
            channels = [0, 1]
        for block in forward.gradients(layer, method=method, target=target, channels=channels):
            for channel, found in zip(block.channels, to_frame(block, 24, 24), strict=True):
                expected = oracle.gradient(position, channel, target=target)[0]
                np.testing.assert_allclose(
                    found, expected, rtol=0, atol=1e-5 * abs(expected).max()
                )


def engine_of(model: keras.Model) -> Engine:
    return Engine(model, IMAGE, precision="float32")


def widths(model: keras.Model, monkeypatch: pytest.MonkeyPatch) -> set[tuple[int, ...]]:
    """Channels of all kernels that the last convolution's gradients went through.

    That of the first convolution has blocks of 2 * 2 * 3 channels behind its filters.
    """
    seen: set[tuple[int, ...]] = set()

    def watched(function):
        def call(**arguments):
            seen.add(tuple(arguments["filter"].shape[2:]))
            return function(**arguments)

        return call

    for name in ("Conv2DBackpropInput", "Conv2D"):
        monkeypatch.setattr(tf.raw_ops, name, watched(getattr(tf.raw_ops, name)))
    engine = engine_of(model)
    list(engine.run(IMAGE).gradients(engine.convolutions[-1], target="sum"))
    return seen


def test_inactive_channels_are_left_out_of_the_convolutions(monkeypatch):
    assert widths(silence(sequence(plain()), 4), monkeypatch) == {(16, 12), (16, 16)}


def test_a_normalization_does_not_hide_inactive_channels(monkeypatch):
    found = widths(silence(sequence(normalized()), 4), monkeypatch)
    assert found == {(16, 12), (16, 16), (16, 8)}


def test_active_channels_are_all_there(monkeypatch):
    assert widths(silence(sequence(plain()), 1), monkeypatch) == {(32, 12), (32, 32)}


def test_a_layer_without_any_active_channel_stops_every_gradient():
    model = sequence(plain())
    kernel, bias = model.layers[0].get_weights()
    model.layers[0].set_weights([kernel, bias - 1e3])
    engine = engine_of(model)
    for block in engine.run(IMAGE).gradients(engine.convolutions[-1]):
        assert not block.values.any()


def test_a_gradient_that_begins_before_the_rectifier_of_its_channel_is_not_stopped_by_it():
    model = silence(sequence([layers.Conv2D(32, 3), layers.ReLU(), layers.Conv2D(4, 3)]), 4)
    engine, oracle = engine_of(model), Oracle(model, IMAGE)
    block = next(engine.run(IMAGE).gradients(engine.convolutions[0], channels=[31]))
    expected = oracle.gradient(0, 31, target="max")[0]
    assert abs(expected).max() > 0
    np.testing.assert_allclose(to_frame(block, 24, 24)[0], expected, atol=1e-6)


def test_a_channel_with_a_nan_is_active():
    output = np.zeros((1, 4, 4, 48), np.float32)
    output[0, 1, 2, 40] = np.nan
    output[0, 3, 3, 7] = 1
    tensor = object()
    chain = ChannelChain(48, (id(tensor),), ("rectifier",))
    chosen = ActiveChannels({id(tensor): chain}, lambda rectifier: output).of(tensor)
    assert chosen is not None
    assert len(chosen) == 16
    assert {7, 40} <= set(chosen.tolist())


def test_other_channels_are_active_at_another_image():
    model = silence(sequence(plain()), 4)
    engine = engine_of(model)
    engine.run(IMAGE)
    bright = IMAGE + 4
    forward, oracle = engine.run(bright), Oracle(model, bright)
    block = next(forward.gradients(engine.convolutions[2], target="sum", channels=[0, 8]))
    for found, channel in zip(to_frame(block, 24, 24), (0, 8), strict=True):
        expected = oracle.gradient(2, channel, target="sum")[0]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * abs(expected).max())


def test_a_factor_from_another_input_keeps_every_channel():
    model = silence(scaled_by_an_input(), 4)
    images = [IMAGE, np.linspace(0.5, 1.5, 32, dtype=np.float32).reshape(1, 1, 1, 32)]
    engine, oracle = Engine(model, images, precision="float32"), Oracle(model, images)
    forward = engine.run(images)
    for target in ("max", "sum"):
        block = next(forward.gradients(engine.convolutions[1], target=target))
        for channel, found in enumerate(to_frame(block, 24, 24)):
            expected = oracle.gradient(1, channel, target=target)[0]
            np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * abs(expected).max())
