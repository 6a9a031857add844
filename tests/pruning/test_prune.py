"""Smaller models compute what the old ones do with zeros in place of the removed channels.

The reference zeroes, in a copy of the old model, the rows of the kernels that read a removed
channel: it shares nothing with the code that cuts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from tensorboard_plugin_convlens.core.errors import InputError, UnsupportedModelError
from tensorboard_plugin_convlens.core.judgments.mask import FilterMask, build_mask
from tensorboard_plugin_convlens.pruning.prune import mask_filters, prune_filters

SIDE = 16


def trained_like(model: keras.Model) -> keras.Model:
    """Random weights everywhere, statistics and biases too: zeros would hide faults."""
    random = np.random.default_rng(0)
    for layer in model._flatten_layers():
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights(
                [random.uniform(0.5, 1.5, one.shape) for one in layer.get_weights()]
            )
        elif getattr(layer, "bias", None) is not None:
            layer.bias.assign(random.normal(size=layer.bias.shape))
    return model


def images(model: keras.Model, count: int = 3) -> Any:
    random = np.random.default_rng(1)
    shape = (count, *model.inputs[0].shape[1:])
    return random.normal(size=shape).astype(np.float32)


def filters(model: keras.Model) -> dict[str, int]:
    return {one.name: one.filters for one in model.layers if hasattr(one, "filters")}


def with_zero_rows(
    model: keras.Model, readers: dict[str, list[int]], axis: int = -2
) -> keras.Model:
    """A copy whose named layers take nothing from the named input channels."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for name, rows in readers.items():
        kernel = np.array(copy.get_layer(name).kernel)
        np.moveaxis(kernel, axis, 0)[rows] = 0
        copy.get_layer(name).kernel.assign(kernel)
    return copy


def assert_same(one: keras.Model, other: keras.Model) -> None:
    x = images(one)
    expected, got = other.predict(x, verbose=0), one.predict(x, verbose=0)
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(got, expected, atol=1e-5 * np.abs(expected).max())


def assert_pruned(model: keras.Model, mask: FilterMask, reference: keras.Model) -> keras.Model:
    """The smaller model and the masked one equal the reference, and the old one does not."""
    smaller = prune_filters(model, mask)
    assert_same(smaller, reference)
    assert_same(mask_filters(model, mask), reference)
    x = images(model)
    change = reference.predict(x, verbose=0) - model.predict(x, verbose=0)
    assert np.abs(change).max() > 1e-4, "the removed filters did nothing anyway"
    assert smaller.count_params() < model.count_params()
    return smaller


def chain() -> keras.Model:
    return trained_like(
        keras.Sequential(
            [
                keras.Input((SIDE, SIDE, 3)),
                layers.Conv2D(8, 3, padding="same", name="first"),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.MaxPooling2D(),
                layers.Conv2D(6, 3, activation="silu", name="second"),
                layers.Dropout(0.5),
                layers.Conv2D(5, 3, activation="relu", name="third"),
                layers.Flatten(),
                layers.Dense(4, activation="softmax", name="head"),
            ]
        )
    )


def test_a_chain_loses_filters_with_their_normalization_and_the_rows_that_read_them():
    model = chain()
    mask = build_mask(filters(model), [("first", 1), ("first", 6), ("third", 0)])
    # Flattened: 4 x 4 places, each with the five channels of `third`.
    reference = with_zero_rows(model, {"second": [1, 6], "head": list(range(0, 4 * 4 * 5, 5))})
    smaller = assert_pruned(model, mask, reference)
    assert smaller.get_layer("first").filters == 6
    assert smaller.get_layer("head").kernel.shape == (4 * 4 * 4, 4)


def test_the_model_itself_is_not_changed_and_shares_no_weights_with_the_smaller_one():
    model = chain()
    before = model.get_weights()
    smaller = prune_filters(model, build_mask(filters(model), [("first", 0)]))
    smaller.set_weights([one + 1 for one in smaller.get_weights()])
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)


def test_a_smaller_model_can_be_saved_loaded_and_trained(tmp_path: Path):
    model = chain()
    model.compile("sgd", "categorical_crossentropy", metrics=["accuracy"])
    smaller = prune_filters(model, build_mask(filters(model), [("second", 3)]))
    smaller.save(tmp_path / "smaller.keras")
    loaded = keras.models.load_model(tmp_path / "smaller.keras")
    assert_same(loaded, smaller)
    loaded.fit(images(model), np.eye(4)[[0, 1, 2]], verbose=0)


def test_filters_inside_the_blocks_of_a_residual_network_are_removed():
    keras.utils.set_random_seed(3)
    model = trained_like(
        keras.applications.ResNet50V2(weights=None, input_shape=(64, 64, 3), classes=10)
    )
    inner = {"conv3_block2_1_conv": "conv3_block2_2_conv", "conv5_block1_2_conv": None}
    inner["conv5_block1_2_conv"] = "conv5_block1_3_conv"
    removed = [(name, channel) for name in inner for channel in range(0, 128, 3)]
    readers = {reader: list(range(0, 128, 3)) for reader in inner.values() if reader}
    mask = build_mask(filters(model), removed)
    x = images(model, 2)
    expected = with_zero_rows(model, readers).predict(x, verbose=0)
    got = prune_filters(model, mask).predict(x, verbose=0)
    np.testing.assert_allclose(got, expected, atol=1e-5 * np.abs(expected).max())


def residual() -> keras.Model:
    image = keras.Input((SIDE, SIDE, 3))
    trunk = layers.Conv2D(6, 3, padding="same", name="trunk")(image)
    branch = layers.Conv2D(5, 3, padding="same", activation="relu", name="inside")(trunk)
    branch = layers.Conv2D(6, 3, padding="same", name="branch")(branch)
    total = layers.Activation("relu")(layers.Add(name="total")([trunk, branch]))
    last = layers.Conv2D(4, 3, name="last")(total)
    return trained_like(
        keras.Model(image, layers.Dense(3, name="head")(layers.GlobalMaxPooling2D()(last)))
    )


def test_channels_of_a_sum_are_removed_where_every_term_loses_them():
    model = residual()
    mask = build_mask(filters(model), [("trunk", 2), ("branch", 2), ("inside", 4)])
    reference = with_zero_rows(model, {"inside": [2], "branch": [4], "last": [2]})
    assert_pruned(model, mask, reference)


def test_channels_that_only_one_term_of_a_sum_loses_are_refused_with_the_layer_and_why():
    model = residual()
    with pytest.raises(UnsupportedModelError, match=r"'total' \(Add\).*the channels 2:"):
        prune_filters(model, build_mask(filters(model), [("trunk", 2)]))


def test_joined_channels_of_dense_blocks_and_inception_modules_are_removed():
    image = keras.Input((SIDE, SIDE, 3))
    one = layers.Conv2D(4, 1, name="one")(image)
    two = layers.Conv2D(5, 3, padding="same", name="two")(image)
    joined = layers.BatchNormalization()(layers.Concatenate(axis=3)([one, two]))
    last = layers.Conv2D(3, 3, name="last")(ops.relu(joined))
    model = trained_like(keras.Model(image, layers.GlobalAveragePooling2D()(last)))
    mask = build_mask(filters(model), [("one", 0), ("two", 4)])
    assert_pruned(model, mask, with_zero_rows(model, {"last": [0, 8]}))


def test_depthwise_filters_go_with_the_channel_that_they_read():
    image = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(6, 3, name="first")(image)
    x = layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise")(x)
    x = layers.ReLU(6.0)(layers.BatchNormalization()(x))
    x = layers.Conv2D(4, 1, name="project")(x)
    model = trained_like(keras.Model(image, layers.GlobalAveragePooling2D()(x)))
    mask = build_mask(filters(model), [("first", 1)])
    assert_pruned(model, mask, with_zero_rows(model, {"project": [2, 3]}))
    alone = build_mask({"depthwise": 12}, [("depthwise", 5)])
    with pytest.raises(UnsupportedModelError, match="mask the filters that it reads"):
        prune_filters(model, alone)


def test_separable_and_transposed_convolutions_are_cut():
    image = keras.Input((SIDE, SIDE, 3))
    x = layers.Conv2D(4, 3, name="first", activation="relu")(image)
    x = layers.Conv2DTranspose(5, 3, name="transposed", activation="relu")(x)
    x = layers.SeparableConv2D(6, 3, depth_multiplier=2, name="separable")(x)
    x = layers.Conv2D(3, 3, name="last")(x)
    model = trained_like(keras.Model(image, layers.GlobalAveragePooling2D()(x)))
    sizes = {"first": 4, "transposed": 5, "separable": 6, "last": 3}
    mask = build_mask(sizes, [("first", 1), ("separable", 0)])
    reference = with_zero_rows(model, {"last": [0]})
    kernel = np.array(reference.get_layer("transposed").kernel)
    kernel[..., 1] = 0
    reference.get_layer("transposed").kernel.assign(kernel)
    assert_pruned(model, mask, reference)
    also = build_mask(sizes, [("transposed", 2)])
    assert_same(prune_filters(model, also), mask_filters(model, also))


def test_nested_backbones_lose_filters_by_their_path():
    image = keras.Input((SIDE, SIDE, 3))
    backbone = chain()
    backbone = keras.Model(backbone.inputs, backbone.get_layer("third").output, name="backbone")
    head = layers.Conv2D(3, 1, name="head")(backbone(image))
    model = keras.Model(image, layers.GlobalAveragePooling2D()(head))
    mask = build_mask({"backbone/first": 8, "backbone/third": 5}, [("backbone/first", 1)])
    last = build_mask({"backbone/third": 5}, [("backbone/third", 2)])
    both = FilterMask({**mask.layers, **last.layers})
    reference = with_zero_rows(model, {"head": [2]})
    assert_same(prune_filters(model, last), reference)
    assert_same(prune_filters(model, both), mask_filters(model, both))
    assert prune_filters(model, both).count_params() < model.count_params()


def test_a_shared_layer_is_cut_once_for_all_of_its_calls():
    image = keras.Input((SIDE, SIDE, 3))
    first = layers.Conv2D(4, 3, padding="same", name="first")(image)
    shared = layers.Conv2D(4, 3, padding="same", name="shared", activation="relu")
    last = layers.Conv2D(3, 3, name="last")(shared(shared(first)))
    model = trained_like(keras.Model(image, layers.GlobalAveragePooling2D()(last)))
    mask = build_mask(filters(model), [("first", 1), ("shared", 1)])
    assert_pruned(model, mask, with_zero_rows(model, {"shared": [1], "last": [1]}))
    with pytest.raises(UnsupportedModelError, match="called several times"):
        prune_filters(model, build_mask(filters(model), [("shared", 1)]))


def attention(x: Any) -> Any:
    return layers.Multiply(name="gate")([x, layers.Conv2D(4, 1, activation="sigmoid")(x)])


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (lambda x: layers.LayerNormalization(name="across")(x), "'across'.*does not know it"),
        (lambda x: layers.Activation("softmax", name="soft")(x), "'soft'.*across channels"),
        (lambda x: layers.Reshape((-1, 8), name="shape")(x), "'shape'.*does not know it"),
        (lambda x: layers.Conv2D(4, 3, groups=2, name="groups")(x), "'groups'.*grouped"),
        (attention, "'gate'"),
        (lambda x: x, "an output of the model"),
    ],
)
def test_layers_whose_channels_cannot_be_cut_are_named(after: Any, reason: str):
    image = keras.Input((SIDE, SIDE, 3))
    model = keras.Model(image, after(layers.Conv2D(4, 3, name="first")(image)))
    with pytest.raises(UnsupportedModelError, match=reason):
        prune_filters(model, build_mask({"first": 4}, [("first", 1)]))


def test_a_layer_keeps_one_filter_at_least():
    model = chain()
    mask = build_mask(filters(model), [("second", channel) for channel in range(6)])
    with pytest.raises(UnsupportedModelError, match="would lose all of its 6 filters"):
        prune_filters(model, mask)


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (build_mask({"nowhere": 4}, [("nowhere", 1)]), "'nowhere', which the model does not"),
        (build_mask({"first": 9}, [("first", 1)]), "is for 9 filters; the layer has 8"),
    ],
)
def test_a_mask_of_another_model_is_refused(mask: FilterMask, reason: str):
    with pytest.raises(InputError, match=reason):
        prune_filters(chain(), mask)


def test_subclassed_models_are_refused():
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.convolution = layers.Conv2D(4, 3)

        def call(self, x: Any) -> Any:
            return self.convolution(x)

    model = Own()
    model(np.zeros((1, 8, 8, 3), np.float32))
    with pytest.raises(UnsupportedModelError, match=r"\(Own\).*only Functional and Sequential"):
        prune_filters(model, FilterMask({}))
