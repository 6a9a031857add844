"""Layers that a training did not change: named, stored once, not computed again."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tests.training.steps import IMAGES, METHODS, by_key, places

CLASSES = np.arange(24) % 3
FROZEN = ("backbone/conv1", "backbone/conv2")


def nested_model():
    """A backbone with BatchNormalization inside, and a convolution of its own on top."""
    keras.utils.set_random_seed(4)
    image = keras.Input((16, 16, 3))
    x = layers.Conv2D(6, 3, use_bias=False, name="conv1")(image)
    x = layers.ReLU()(layers.BatchNormalization(name="bn")(x))
    x = layers.Conv2D(5, 3, activation="relu", name="conv2")(x)
    backbone = keras.Model(image, x, name="backbone")
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            backbone,
            layers.Conv2D(4, 3, activation="relu", name="top"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    return model, backbone


def fit(model, log_dir, *, epochs, initial_epoch=0, images=IMAGES[:2], rate=0.01):
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    callback = ConvLensCallback(log_dir, images, methods=METHODS, budget=None)
    model.fit(
        IMAGES,
        CLASSES,
        epochs=epochs,
        initial_epoch=initial_epoch,
        batch_size=8,
        verbose=0,
        callbacks=[callback],
    )


@pytest.fixture(scope="module")
def fine_tuned(tmp_path_factory):
    """Two epochs with a frozen backbone, then two with everything."""
    log_dir = tmp_path_factory.mktemp("fine-tuned")
    model, backbone = nested_model()
    backbone.trainable = False
    fit(model, log_dir, epochs=2)
    backbone.trainable = True
    fit(model, log_dir, epochs=4, initial_epoch=2)
    return log_dir


def test_a_frozen_backbone_is_stored_once_and_marked_unchanged(fine_tuned):
    first = by_key(fine_tuned, 0)
    for step in (1, 2):
        now = by_key(fine_tuned, step)
        for key in FROZEN:
            assert (now[key].unchanged_since, now[key].weights_unchanged_since) == (0, 0)
            assert places(now[key]) == places(first[key])
            assert now[key].guidance == first[key].guidance
    moved = by_key(fine_tuned, 1)["top"]
    assert (moved.unchanged_since, moved.weights_unchanged_since) == (None, None)


def test_the_packs_of_a_frozen_run_hold_every_picture_once(tmp_path):
    model, backbone = nested_model()
    backbone.trainable = False
    fit(model, tmp_path, epochs=3)

    directory = next(tmp_path.rglob("v1"))
    size = sum(path.stat().st_size - 8 for path in directory.glob("pack-*"))
    stored: dict[tuple[str, int], int] = {}
    shown = 0
    for step in range(4):
        for layer in by_key(tmp_path, step).values():
            stored |= {(one.pack, one.offset): one.length for one in layer.sheets}
            shown += sum(one.length for one in layer.sheets)
    assert size == sum(stored.values())
    assert size < shown / 2


def test_freezing_does_not_make_another_model(fine_tuned):
    graphs = {Reader(fine_tuned).capture("train", step).graph for step in range(5)}
    assert len(graphs) == 1


def test_an_unfrozen_backbone_is_stored_again(fine_tuned):
    before, now = by_key(fine_tuned, 2), by_key(fine_tuned, 3)
    for key in (*FROZEN, "top"):
        assert (now[key].unchanged_since, now[key].weights_unchanged_since) == (None, None)
        assert not set(places(now[key]).values()) & set(places(before[key]).values())


def test_an_unchanged_layer_shows_the_same_as_a_capture_from_scratch(tmp_path):
    model, backbone = nested_model()
    backbone.trainable = False
    fit(model, tmp_path / "once", epochs=1)
    fit(model, tmp_path / "anew", epochs=2, initial_epoch=1, rate=1e-30)
    once, anew = Reader(tmp_path / "once"), Reader(tmp_path / "anew")

    for key in FROZEN:
        for index in range(2):
            arguments = ("train", 1, key)
            np.testing.assert_array_equal(
                once.feature_maps(*arguments, input_index=index),
                anew.feature_maps(*arguments, input_index=index),
            )
            np.testing.assert_array_equal(
                once.guided_gradients(*arguments, input_index=index),
                anew.guided_gradients(*arguments, input_index=index),
            )
    for key, layer in by_key(tmp_path / "once", 1).items():
        other = by_key(tmp_path / "anew", 1)[key]
        for one in layer.statistics:
            if "change" not in one.name:
                (again,) = (
                    each
                    for each in other.statistics
                    if (each.name, each.input, each.stage) == (one.name, one.input, one.stage)
                )
                np.testing.assert_allclose(one.values, again.values, rtol=1e-5, atol=1e-7)


def test_taylor_of_a_frozen_layer_changes_with_the_head(fine_tuned):
    first, second = (
        next(
            one.values
            for one in by_key(fine_tuned, step)[FROZEN[0]].statistics
            if one.name == "taylor"
        )
        for step in (0, 1)
    )
    assert not np.array_equal(first, second)
