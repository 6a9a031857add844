"""Layers that did not change: told so, stored once, not computed again; change scores."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens.capture.callback import ConvLensCallback
from tensorboard_plugin_convlens.capture.options import build_options, build_pictures
from tensorboard_plugin_convlens.capture.session import Session
from tensorboard_plugin_convlens.storage.reader import Reader
from tensorboard_plugin_convlens.storage.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writer import Writer

IMAGES = np.random.default_rng(0).normal(size=(24, 16, 16, 3)).astype(np.float32)
CLASSES = np.arange(24) % 3
METHODS = ("activation", "guided", "kernel")
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


def by_key(log_dir, step):
    reader = Reader(log_dir)
    graph = reader.model_graph("train", step)
    return {graph.layers[one.layer].key: one for one in reader.capture("train", step).layers}


def places(layer):
    """Where each picture of a layer lies."""
    return {(one.method, one.form, one.input): (one.pack, one.offset) for one in layer.sheets}


def statistic(layer, name):
    return next(one.values for one in layer.statistics if (one.name, one.input) == (name, -1))


def plain_change(before, now):
    """1 - cosine per filter of two Keras kernels, in float64."""
    first, second = (
        np.moveaxis(one, -1, 0).reshape(one.shape[-1], -1).astype(np.float64)
        for one in (before, now)
    )
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return 1 - (first * second).sum(axis=1) / lengths


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


def test_a_frozen_backbone_is_stored_once_and_said_to_be_unchanged(fine_tuned):
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


def test_an_unfrozen_backbone_is_stored_anew(fine_tuned):
    before, now = by_key(fine_tuned, 2), by_key(fine_tuned, 3)
    for key in (*FROZEN, "top"):
        assert (now[key].unchanged_since, now[key].weights_unchanged_since) == (None, None)
        assert not set(places(now[key]).values()) & set(places(before[key]).values())


def test_what_an_unchanged_layer_shows_is_what_a_capture_from_scratch_shows(tmp_path):
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
                same = [each for each in other.statistics if each.name == one.name]
                again = next(each for each in same if each.input == one.input)
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


def session_of(model, log_dir, images=IMAGES[:2], *, methods=METHODS):
    writer = Writer(log_dir, run="train")
    options = build_options(None, methods, "max")
    return Session(model, images, build_pictures(images), writer, options)


def small_model(*more):
    keras.utils.set_random_seed(9)
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(4, 3, activation="relu", name="conv1"),
            *more,
            layers.Conv2D(4, 3, activation="relu", name="conv2"),
        ]
    )


def test_kernel_change_is_that_of_the_float_weights(tmp_path):
    model = small_model()
    session = session_of(model, tmp_path)
    session.capture(0)
    before = model.get_layer("conv1").get_weights()[0]
    now = before + np.random.default_rng(1).normal(size=before.shape) * 1e-3
    model.get_layer("conv1").set_weights([now, np.zeros(4)])
    session.capture(1)

    first, second = by_key(tmp_path, 0)["conv1"], by_key(tmp_path, 1)["conv1"]
    assert np.isnan(statistic(first, "kernel_change")).all()
    assert np.isnan(statistic(first, "activation_change")).all()
    expected = plain_change(before, now.astype(np.float32))
    np.testing.assert_allclose(statistic(second, "kernel_change"), expected, rtol=1e-4)
    assert (statistic(second, "activation_change") > 0).all()
    # A layer whose own weights stay: its kernels do, its maps do not.
    other = by_key(tmp_path, 1)["conv2"]
    assert (other.weights_unchanged_since, other.unchanged_since) == (0, None)
    assert (statistic(other, "kernel_change") == 0).all()
    assert (
        places(other)["kernel", "values", -1]
        == (places(by_key(tmp_path, 0)["conv2"])["kernel", "values", -1])
    )


def test_activation_change_is_of_maps_averaged_to_cells_over_all_inputs(tmp_path):
    model = small_model()
    session = session_of(model, tmp_path)
    conv1 = model.get_layer("conv1")
    profiles = []
    for step in (0, 1):
        maps = np.asarray(conv1(IMAGES[:2]))
        # 14 by 14 in 8 cells: cell i begins at pixel i * 14 // 8.
        edges = [i * 14 // 8 for i in range(9)]
        cells = [
            maps[index, edges[y] : edges[y + 1], edges[x] : edges[x + 1]].mean((0, 1))
            for index in (0, 1)
            for y in range(8)
            for x in range(8)
        ]
        profiles.append(np.stack(cells))
        session.capture(step)
        kernel, bias = model.get_layer("conv1").get_weights()
        model.get_layer("conv1").set_weights([kernel[::-1], bias])

    found = statistic(by_key(tmp_path, 1)["conv1"], "activation_change")
    np.testing.assert_allclose(found, plain_change(*profiles), rtol=1e-4)


def test_batch_normalization_statistics_are_weights(tmp_path):
    model = small_model(layers.BatchNormalization(name="bn"))
    session = session_of(model, tmp_path)
    session.capture(0)
    bn = model.get_layer("bn")
    bn.moving_mean.assign(bn.moving_mean + 0.5)
    session.capture(1)

    now = by_key(tmp_path, 1)
    assert now["conv2"].unchanged_since is None
    assert now["conv2"].weights_unchanged_since == 0
    assert now["conv1"].unchanged_since == 0


class Noise(layers.Layer):
    """Random at inference too."""

    def call(self, inputs):
        return inputs + tf.random.normal(tf.shape(inputs))


def test_what_comes_after_randomness_is_never_unchanged(tmp_path):
    session = session_of(small_model(Noise()), tmp_path)
    session.capture(0)
    session.capture(1)

    now = by_key(tmp_path, 1)
    assert now["conv1"].unchanged_since == 0
    assert (now["conv2"].lineage, now["conv2"].unchanged_since) == ("", None)
    assert not set(places(now["conv2"]).values()) & {
        place
        for key, place in places(by_key(tmp_path, 0)["conv2"]).items()
        if key[0] != "kernel"
    }


def test_a_variable_that_no_layer_owns_counts(tmp_path):
    factor = tf.Variable(1.0)
    session = session_of(small_model(layers.Lambda(lambda x: x * factor)), tmp_path)
    session.capture(0)
    session.capture(1)
    factor.assign(2.0)
    session.capture(2)

    assert by_key(tmp_path, 1)["conv2"].unchanged_since == 0
    assert by_key(tmp_path, 2)["conv2"].unchanged_since is None


def test_other_input_images_are_another_lineage(tmp_path):
    model = small_model()
    session_of(model, tmp_path).capture(0)
    session_of(model, tmp_path, IMAGES[:2] * 2).capture(1)  # the same pictures for people

    now = by_key(tmp_path, 1)["conv1"]
    assert (now.unchanged_since, now.weights_unchanged_since) == (None, 0)


def test_a_later_session_refers_to_what_an_earlier_one_stored(tmp_path):
    model = small_model()
    session_of(model, tmp_path).capture(0)
    model.get_layer("conv2").set_weights(
        [weights + 0.1 for weights in model.get_layer("conv2").get_weights()]
    )
    session_of(model, tmp_path).capture(4)

    first, now = by_key(tmp_path, 0), by_key(tmp_path, 4)
    assert now["conv1"].unchanged_since == 0
    assert places(now["conv1"]) == places(first["conv1"])
    assert (statistic(now["conv1"], "kernel_change") == 0).all()
    assert np.isnan(statistic(now["conv2"], "kernel_change")).all()


def test_a_pack_that_was_deleted_meanwhile_is_stored_anew(tmp_path):
    session = session_of(small_model(), tmp_path)
    session.capture(0)
    gone = next(tmp_path.rglob("pack-*-i000001.clpk"))
    gone.unlink()
    session.capture(1)
    reader = Reader(tmp_path)

    now = by_key(tmp_path, 1)["conv1"]
    assert now.unchanged_since == 0
    assert gone.name not in {sheet.pack for sheet in now.sheets}
    assert reader.feature_maps("train", 1, "conv1", input_index=1).shape == (4, 14, 14)
    assert reader.guided_gradients("train", 1, "conv1", input_index=1).any()


def test_what_was_not_asked_for_is_not_carried_along(tmp_path):
    model = small_model()
    session_of(model, tmp_path).capture(0)
    session_of(model, tmp_path, methods=("activation",)).capture(1)
    session_of(model, tmp_path, methods=METHODS).capture(2)

    assert {sheet.method for sheet in by_key(tmp_path, 1)["conv1"].sheets} == {"activation"}
    last = by_key(tmp_path, 2)["conv1"]
    assert {sheet.method for sheet in last.sheets} == set(METHODS)
    assert last.unchanged_since == 0
    sheet = next(one for one in last.sheets if one.method == "guided")
    assert "000000000000002" in sheet.pack
    assert RunDirectory(tmp_path / "train").stored(sheet)
