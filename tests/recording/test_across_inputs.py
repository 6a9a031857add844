"""Statistics over all captured inputs, as they come out of a real capture."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tensorboard_plugin_convlens import CaptureSession, Reader, capture
from tensorboard_plugin_convlens.core.filters.redundancy import geometric_median_distance
from tensorboard_plugin_convlens.recording import across_inputs

IMAGES = np.random.default_rng(4).normal(size=(4, 12, 12, 3)).astype(np.float32)
LABELS = (2, 0, 2, 1)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """A convolution whose filter 3 is filter 1, with BatchNormalization and ReLU behind it."""
    keras.utils.set_random_seed(3)
    pixels = keras.Input((12, 12, 3))
    maps = keras.layers.Conv2D(6, 3, name="conv")(pixels)
    maps = keras.layers.ReLU(name="relu")(keras.layers.BatchNormalization()(maps))
    classes = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(maps))
    made = keras.Model(pixels, classes)
    kernel, bias = made.get_layer("conv").get_weights()
    kernel[..., 3], bias[3] = kernel[..., 1], bias[1]
    made.get_layer("conv").set_weights([kernel, bias])
    return made


def captured(model, tmp_path, **options):
    capture(model, IMAGES, tmp_path, methods=["activation"], **options)
    (layer,) = Reader(tmp_path).capture(".", 0).layers
    return {one.name: one for one in layer.statistics if one.input is None}


def test_redundancy_names_the_copy_and_fpgm_is_of_the_kernels(model, tmp_path):
    found = captured(model, tmp_path)
    assert found["redundant_with"].values[[1, 3]].tolist() == [3, 1]
    np.testing.assert_allclose(found["redundancy"].values[[1, 3]], 1, atol=1e-6)
    np.testing.assert_allclose(found["kernel_cosine"].values[[1, 3]], 1, atol=1e-6)
    assert found["redundancy"].values[[0, 2, 4, 5]].max() < 0.999
    kernel = np.moveaxis(np.asarray(model.get_layer("conv").kernel), -1, 0).reshape(6, -1)
    distances = np.linalg.norm(kernel[:, None] - kernel[None], axis=2).sum(axis=1)
    np.testing.assert_allclose(found["fpgm"].values, distances, rtol=1e-5)


def test_class_selectivity_is_of_the_rectified_maps(model, tmp_path):
    found = captured(model, tmp_path, labels=LABELS)["class_selectivity"].values
    maps = np.asarray(keras.Model(model.input, model.get_layer("relu").output)(IMAGES))
    responses = maps.mean(axis=(1, 2))
    means = np.stack([responses[np.equal(LABELS, one)].mean(axis=0) for one in range(3)])
    best, rest = means.max(axis=0), (means.sum(axis=0) - means.max(axis=0)) / 2
    np.testing.assert_allclose(found, (best - rest) / (best + rest), atol=1e-5)


def test_without_true_classes_selectivity_is_not_a_number(model, tmp_path):
    found = captured(model, tmp_path, labels=["a", "b", "c", "d"])
    assert np.isnan(found["class_selectivity"].values).all()


def test_fpgm_is_computed_once_for_the_same_weights(model, tmp_path, monkeypatch):
    computed = []

    def counted(kernels):
        computed.append(len(kernels))
        return geometric_median_distance(kernels)

    monkeypatch.setattr(across_inputs, "geometric_median_distance", counted)
    session = CaptureSession(model, IMAGES, tmp_path, methods=["activation"])
    session.capture(0)
    session.capture(1)
    assert computed == [6]
    model.get_layer("conv").kernel.assign_add(np.full((3, 3, 3, 6), 0.1, np.float32))
    session.capture(2)
    assert computed == [6, 6]
    found = [_fpgm(tmp_path, step) for step in range(3)]
    np.testing.assert_array_equal(found[1], found[0])
    kernel = np.moveaxis(np.asarray(model.get_layer("conv").kernel), -1, 0).reshape(6, -1)
    distances = np.linalg.norm(kernel[:, None] - kernel[None], axis=2).sum(axis=1)
    np.testing.assert_allclose(found[2], distances, rtol=1e-5)


def _fpgm(log_dir, step):
    (layer,) = Reader(log_dir).capture(".", step).layers
    return next(one.values for one in layer.statistics if one.name == "fpgm")
