"""What a capture takes over from the step before, and what it says about changes since."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from keras import layers

from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tests.training.steps import (
    IMAGES,
    METHODS,
    by_key,
    places,
    plain_change,
    recorder_of,
    small_model,
    statistic,
)


def test_kernel_change_is_that_of_the_float_weights(tmp_path):
    model = small_model()
    recorder = recorder_of(model, tmp_path)
    recorder.capture(0)
    before = model.get_layer("conv1").get_weights()[0]
    now = before + np.random.default_rng(1).normal(size=before.shape) * 1e-3
    model.get_layer("conv1").set_weights([now, np.zeros(4)])
    recorder.capture(1)

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
        places(other)["kernel", "values", None]
        == (places(by_key(tmp_path, 0)["conv2"])["kernel", "values", None])
    )


def test_activation_change_is_of_maps_averaged_to_cells_over_all_inputs(tmp_path):
    model = small_model()
    recorder = recorder_of(model, tmp_path)
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
        recorder.capture(step)
        kernel, bias = model.get_layer("conv1").get_weights()
        model.get_layer("conv1").set_weights([kernel[::-1], bias])

    found = statistic(by_key(tmp_path, 1)["conv1"], "activation_change")
    np.testing.assert_allclose(found, plain_change(*profiles), rtol=1e-4)


def test_batch_normalization_statistics_are_weights(tmp_path):
    model = small_model(layers.BatchNormalization(name="bn"))
    recorder = recorder_of(model, tmp_path)
    recorder.capture(0)
    bn = model.get_layer("bn")
    bn.moving_mean.assign(bn.moving_mean + 0.5)
    recorder.capture(1)

    now = by_key(tmp_path, 1)
    assert now["conv2"].unchanged_since is None
    assert now["conv2"].weights_unchanged_since == 0
    assert now["conv1"].unchanged_since == 0


class Noise(layers.Layer):
    """Random at inference too."""

    def call(self, inputs):
        return inputs + tf.random.normal(tf.shape(inputs))


def test_layers_after_randomness_are_never_unchanged(tmp_path):
    recorder = recorder_of(small_model(Noise()), tmp_path)
    recorder.capture(0)
    recorder.capture(1)

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
    recorder = recorder_of(small_model(layers.Lambda(lambda x: x * factor)), tmp_path)
    recorder.capture(0)
    recorder.capture(1)
    factor.assign(2.0)
    recorder.capture(2)

    assert by_key(tmp_path, 1)["conv2"].unchanged_since == 0
    assert by_key(tmp_path, 2)["conv2"].unchanged_since is None


def test_other_input_images_are_another_lineage(tmp_path):
    model = small_model()
    recorder_of(model, tmp_path).capture(0)
    recorder_of(model, tmp_path, IMAGES[:2] * 2).capture(1)  # the same pictures for people

    now = by_key(tmp_path, 1)["conv1"]
    assert (now.unchanged_since, now.weights_unchanged_since) == (None, 0)


def test_a_later_session_refers_to_what_an_earlier_one_stored(tmp_path):
    model = small_model()
    recorder_of(model, tmp_path).capture(0)
    before = model.get_layer("conv2").get_weights()
    model.get_layer("conv2").set_weights([weights + 0.1 for weights in before])
    recorder_of(model, tmp_path).capture(4)

    first, now = by_key(tmp_path, 0), by_key(tmp_path, 4)
    assert now["conv1"].unchanged_since == 0
    assert places(now["conv1"]) == places(first["conv1"])
    assert (statistic(now["conv1"], "kernel_change") == 0).all()
    expected = plain_change(before[0], before[0] + 0.1)
    np.testing.assert_allclose(statistic(now["conv2"], "kernel_change"), expected, rtol=1e-4)


def test_a_pack_that_was_deleted_meanwhile_is_stored_again(tmp_path):
    recorder = recorder_of(small_model(), tmp_path)
    recorder.capture(0)
    gone = next(tmp_path.rglob("pack-*-i000001.clpk"))
    gone.unlink()
    recorder.capture(1)
    reader = Reader(tmp_path)

    now = by_key(tmp_path, 1)["conv1"]
    assert now.unchanged_since == 0
    assert gone.name not in {sheet.pack for sheet in now.sheets}
    assert reader.feature_maps("train", 1, "conv1", input_index=1).shape == (4, 14, 14)
    assert reader.guided_gradients("train", 1, "conv1", input_index=1).any()


def test_unrequested_methods_are_not_carried_along(tmp_path):
    model = small_model()
    recorder_of(model, tmp_path).capture(0)
    recorder_of(model, tmp_path, methods=("activation",)).capture(1)
    recorder_of(model, tmp_path, methods=METHODS).capture(2)

    assert {sheet.method for sheet in by_key(tmp_path, 1)["conv1"].sheets} == {"activation"}
    last = by_key(tmp_path, 2)["conv1"]
    assert {sheet.method for sheet in last.sheets} == set(METHODS)
    assert last.unchanged_since == 0
    sheet = next(one for one in last.sheets if one.method == "guided")
    assert "000000000000002" in sheet.pack
    assert RunDirectory(tmp_path / "train").stored(sheet.place).read()
