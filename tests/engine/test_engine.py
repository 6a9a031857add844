"""What the engine answers, and what it leaves alone."""

from __future__ import annotations

import gc
import threading
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers
from tensorflow.python.framework import func_graph

from tensorboard_plugin_convlens.core.errors import (
    InputError,
    NoConvolutionError,
    UnknownLayerError,
)
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.engine.functions import (
    feature_maps,
    guided_gradients,
    to_frame,
)
from tests.models import model_zoo
from tests.oracle import Oracle

IMAGES = np.random.default_rng(2).normal(size=(2, 32, 32, 3)).astype(np.float32)
IMAGE = IMAGES[:1]


def engine_of(model, inputs=IMAGE, **options):
    return Engine(model, inputs, precision="float32", **options)


def all_gradients(forward, layer, shape, **options):
    blocks = forward.gradients(layer, **options)
    return np.concatenate([to_frame(block, *shape) for block in blocks])


# Which layers


def test_layers_are_chosen_by_key_path_or_pattern():
    model = model_zoo.nested_twice()
    found = engine_of(model, layers=["backbone/conv1#1", "backbone/conv2"])
    keys = [found.graph.layers[one].key for one in found.convolutions]
    assert keys == ["backbone/conv2", "backbone/conv1#1", "backbone/conv2#1"]
    assert len(engine_of(model, layers=["backbone/*"]).convolutions) == 4
    assert len(engine_of(model, layers=["backbone/conv1"]).convolutions) == 2


def test_an_unknown_layer_is_answered_with_those_that_there_are():
    with pytest.raises(UnknownLayerError, match=r"no convolution 'conv9'.*backbone/conv1"):
        engine_of(model_zoo.nested(), layers=["conv9"])


def test_a_model_without_convolution_is_refused():
    model = keras.Sequential([keras.Input((32, 32, 3)), layers.Flatten(), layers.Dense(2)])
    with pytest.raises(NoConvolutionError, match="no convolution with learned kernels"):
        engine_of(model)


def test_one_image_of_another_shape_is_refused_at_the_run():
    engine = engine_of(model_zoo.backbone(), IMAGE)
    with pytest.raises(InputError, match="this engine was made for"):
        engine.run(np.zeros((1, 16, 16, 3), np.float32))


# What it leaves alone


def test_new_weights_are_seen_without_a_new_trace():
    calls = []

    def counted(images):
        calls.append(images)
        return images

    image = keras.Input((32, 32, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="one")(layers.Lambda(counted)(image))
    model = keras.Model(image, layers.Conv2D(5, 3, activation="relu", name="two")(x))
    engine = engine_of(model)
    before = len(calls)
    model.set_weights([one * 0.5 for one in model.get_weights()])
    forward = engine.run(IMAGE)
    assert len(calls) == before
    oracle = Oracle(model, IMAGE)
    for position, layer in enumerate(engine.convolutions):
        maps = np.moveaxis(oracle.maps[position][0], -1, 0)
        np.testing.assert_allclose(forward.maps(layer), maps, atol=1e-5)
        kernels = engine.kernels(layer)
        weights = model.get_layer(engine.graph.layers[layer].path).kernel
        np.testing.assert_array_equal(kernels, np.transpose(weights, (3, 2, 0, 1)))
    gradient = all_gradients(forward, engine.convolutions[-1], (32, 32))[0]
    expected = oracle.gradient(len(oracle.maps) - 1, 0, target="max")[0]
    np.testing.assert_allclose(gradient, expected, atol=1e-5 * abs(expected).max())


def test_nothing_is_traced_again_for_new_weights_or_another_image(monkeypatch):
    model = model_zoo.functional()
    engine = engine_of(model)
    made = []
    make = func_graph.FuncGraph.__init__

    def counted(self, *arguments, **options):
        made.append(self)
        make(self, *arguments, **options)

    monkeypatch.setattr(func_graph.FuncGraph, "__init__", counted)

    def answer(image):
        forward = engine.run(image)
        for layer in engine.convolutions:
            forward.statistics(layer)
            for method, target in (("guided", "max"), ("gradient", "max"), ("guided", "sum")):
                list(forward.gradients(layer, method=method, target=target))
        return len(engine._plan.trace.wrapped.graph.get_operations())

    size = answer(IMAGE)
    assert made == []
    model.set_weights([one * 0.5 for one in model.get_weights()])
    assert answer(IMAGES[1:]) == size
    assert made == []
    engine_of(model)
    assert made  # Building an engine is seen by what counts.


def trained_weights(watch):
    keras.utils.set_random_seed(11)
    model = model_zoo.functional()
    model.compile("adam", "sparse_categorical_crossentropy")
    images = np.random.default_rng(0).normal(size=(16, 32, 32, 3)).astype(np.float32)

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            forward = Engine(model, IMAGE).run(IMAGE)
            for layer in Engine(model, IMAGE).convolutions:
                forward.statistics(layer)
                list(forward.gradients(layer))

    callbacks = [Watch()] if watch else []
    model.fit(images, np.arange(16) % 5, epochs=2, verbose=0, callbacks=callbacks)
    return [*model.get_weights(), *(np.asarray(one) for one in model.optimizer.variables)]


def test_training_ends_in_the_same_bits_with_and_without_the_engine():
    for with_engine, without in zip(trained_weights(True), trained_weights(False), strict=True):
        np.testing.assert_array_equal(with_engine, without)


def test_two_threads_get_the_same_answers_as_one():
    engine = engine_of(model_zoo.functional())
    layer = engine.convolutions[-1]

    def answer():
        return all_gradients(engine.run(IMAGE), layer, (32, 32))

    expected, found = answer(), []
    threads = [threading.Thread(target=lambda: found.append(answer())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for one in found:
        np.testing.assert_array_equal(one, expected)


# Inputs


def test_each_convolution_is_differentiated_at_the_input_it_depends_on():
    inputs = [IMAGE, IMAGE[..., :1]]
    engine = engine_of(model_zoo.several_inputs(), inputs)
    forward = engine.run(inputs)
    sources = [next(forward.gradients(layer)).source for layer in engine.convolutions]
    assert sources == [0, 1, 0]
    assert engine.frame(engine.convolutions[1]) == (32, 32)


def test_gradients_at_whole_number_pixels_are_those_at_the_same_decimal_ones():
    pixels = np.random.default_rng(0).integers(0, 255, (1, 16, 16, 3)).astype(np.uint8)

    def build(dtype):
        keras.utils.set_random_seed(4)
        image = keras.Input((16, 16, 3), dtype=dtype)
        x = layers.Rescaling(1 / 255)(image)
        return keras.Model(image, layers.Conv2D(4, 3, activation="relu", name="conv")(x))

    whole = guided_gradients(build("uint8"), pixels, "conv", range(4))
    decimal = guided_gradients(build("float32"), pixels.astype(np.float32), "conv", range(4))
    np.testing.assert_array_equal(whole, decimal)
    assert whole.any()


def test_a_convolution_behind_an_embedding_is_captured_without_gradients():
    words = keras.Input((12,), dtype="int32")
    x = layers.Embedding(20, 4)(words)
    model = keras.Model(words, layers.Conv1D(5, 3, activation="relu", name="conv")(x))
    sentence = np.arange(12, dtype=np.int32)[None]
    engine = engine_of(model, sentence)
    forward = engine.run(sentence)
    assert forward.maps(engine.convolutions[0]).shape == (5, 1, 10)
    assert list(forward.gradients(engine.convolutions[0])) == []
    assert engine.skipped[0].what == "conv"
    assert "no gradient flows from it to an input" in engine.skipped[0].reason


# Plain functions


def test_feature_maps_are_channel_first_for_every_image():
    model = model_zoo.nested()
    maps = feature_maps(model, IMAGES, "backbone/conv1")
    assert maps.shape == (2, 6, 30, 30)
    oracle = Oracle(model, IMAGES)
    np.testing.assert_allclose(maps, np.moveaxis(oracle.maps[0], -1, 1), atol=1e-6)


def test_guided_gradients_come_in_the_order_asked_for():
    model = model_zoo.nested()
    both = guided_gradients(model, IMAGES, "top", [4, 1])
    assert both.shape == (2, 2, 32, 32, 3)
    np.testing.assert_array_equal(both[:, ::-1], guided_gradients(model, IMAGES, "top", [1, 4]))


def test_a_channel_that_is_not_there_is_an_index_error():
    with pytest.raises(IndexError, match="channels 0 to 5; got 6"):
        guided_gradients(model_zoo.nested(), IMAGE, "top", [6])


def test_a_function_wants_one_convolution():
    with pytest.raises(UnknownLayerError, match="names several convolutions"):
        feature_maps(model_zoo.nested(), IMAGE, "backbone/*")


# Memory


def test_values_of_an_image_are_freed_with_it():
    engine = engine_of(model_zoo.backbone())
    gc.collect()
    gc.disable()
    try:
        forward = engine.run(IMAGE)
        for layer in engine.convolutions:
            forward.statistics(layer)
            list(forward.gradients(layer))
        last = weakref.ref(forward)
        del forward
        assert last() is None, "Something refers to it in a circle."
    finally:
        gc.enable()


# Kernels


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Conv2D(6, (3, 5)), (6, 4, 3, 5)),
        (layers.Conv2D(6, 3, groups=2), (6, 2, 3, 3)),
        (layers.DepthwiseConv2D(3, depth_multiplier=2), (8, 1, 3, 3)),
        (layers.Conv2DTranspose(5, 3), (5, 4, 3, 3)),
        (layers.SeparableConv2D(7, 3, depth_multiplier=2), (7, 4, 3, 3)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_kernels_are_planes_per_channel(layer, shape):
    model = keras.Sequential([keras.Input((12, 12, 4)), layer])
    engine = engine_of(model, np.zeros((1, 12, 12, 4), np.float32))
    kernels = engine.kernels(engine.convolutions[0])
    assert kernels is not None
    assert kernels.shape == shape


@pytest.mark.parametrize(
    "layer",
    [
        layers.SeparableConv2D(7, 3, depth_multiplier=2, use_bias=False),
        layers.Conv2D(6, 3, use_bias=False),
    ],
    ids=lambda one: type(one).__name__,
)
def test_kernel_planes_do_what_the_layer_does(layer):
    image = np.random.default_rng(0).normal(size=(1, 12, 12, 4)).astype(np.float32)
    model = keras.Sequential([keras.Input((12, 12, 4)), layer])
    engine = engine_of(model, image)
    kernels = engine.kernels(engine.convolutions[0])
    assert kernels is not None
    same = tf.nn.conv2d(image, np.transpose(kernels, (2, 3, 1, 0)), 1, "VALID")
    np.testing.assert_allclose(model(image), same, atol=1e-4)
