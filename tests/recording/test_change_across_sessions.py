"""The change of filters is since the newest earlier step of a run, whoever wrote it."""

from __future__ import annotations

import subprocess
import sys

import keras
import numpy as np
import pytest

from tensorboard_plugin_convlens import CaptureSession, ConvLensCallback, capture
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tests.training.steps import IMAGES, plain_change, small_model

OTHER_IMAGES = IMAGES[2:4]


@pytest.fixture
def model():
    return small_model()


def move(model, seed):
    """Sets other weights; returns the kernels before and after, by layer."""
    random = np.random.default_rng(seed)
    moved = {}
    for name in ("conv1", "conv2"):
        layer = model.get_layer(name)
        kernel, bias = layer.get_weights()
        changed = kernel + random.normal(size=kernel.shape).astype(np.float32) * 1e-2
        layer.set_weights([changed, bias])
        moved[name] = kernel, changed
    return moved


def kernel_of(model, name="conv1"):
    return np.array(model.get_layer(name).get_weights()[0])


def changes(log_dir, step, layer="conv1", run="."):
    """What a step says of the change of kernels and of activations."""
    found = Reader(log_dir).statistics(run, step, layer)
    return found["kernel_change"], found["activation_change"]


def assert_changed(log_dir, step, before, now, *, layer="conv1", run="."):
    """Compares with 1 - cosine in float64, of the models' own weights."""
    kernels, activations = changes(log_dir, step, layer, run)
    np.testing.assert_allclose(kernels, plain_change(before, now), rtol=1e-4)
    assert (activations > 0).all()


def of_run(log_dir, step, run="."):
    return Reader(log_dir).capture(run, step)


def test_calls_of_capture_one_after_the_other_know_the_change(model, tmp_path):
    capture(model, IMAGES[:2], tmp_path, step=0)
    first = move(model, 1)
    capture(model, IMAGES[:2], tmp_path, step=3)
    second = move(model, 2)
    capture(model, IMAGES[:2], tmp_path, step=7)

    assert np.isnan(changes(tmp_path, 0)).all()
    for name in ("conv1", "conv2"):
        assert_changed(tmp_path, 3, *first[name], layer=name)
        assert_changed(tmp_path, 7, *second[name], layer=name)
    assert [of_run(tmp_path, step).changes_since for step in (0, 3, 7)] == [None, 0, 3]


def test_several_sessions_know_bit_for_bit_what_one_knows(model, tmp_path):
    one = CaptureSession(model, IMAGES[:2], tmp_path, run="one")
    for step in range(4):
        one.capture(step)
        capture(model, IMAGES[:2], tmp_path, run="many", step=step)
        move(model, step)

    for step in range(4):
        for layer in ("conv1", "conv2"):
            for first, second in zip(
                changes(tmp_path, step, layer, "one"),
                changes(tmp_path, step, layer, "many"),
                strict=True,
            ):
                np.testing.assert_array_equal(first, second)


TRAIN = """
import sys
import keras, numpy as np
from tensorboard_plugin_convlens import ConvLensCallback
from tests.training.steps import IMAGES
model = keras.models.load_model(sys.argv[2])
model.compile("sgd", "mse")
model.fit(IMAGES, np.ones((24, 12, 12, 4)), initial_epoch=int(sys.argv[3]), verbose=0,
          epochs=int(sys.argv[4]), callbacks=[ConvLensCallback(sys.argv[1], IMAGES[:2])])
model.save(sys.argv[2])
"""


def test_a_training_that_goes_on_in_another_process_knows_the_change(model, tmp_path):
    path = tmp_path / "model.keras"
    model.save(path)
    kernels = {}
    for first, last in ((0, 2), (2, 3)):
        subprocess.run(
            [sys.executable, "-c", TRAIN, tmp_path, path, str(first), str(last)], check=True
        )
        kernels[last] = kernel_of(keras.models.load_model(path))

    # The second process captured step 2 again, before it trained: that is since step 1.
    steps = Reader(tmp_path).steps("train")
    assert steps == (0, 1, 2, 3)
    assert of_run(tmp_path, 2, "train").session == of_run(tmp_path, 3, "train").session
    assert [of_run(tmp_path, step, "train").changes_since for step in (1, 2, 3)] == [0, 1, 2]
    assert_changed(tmp_path, 3, kernels[2], kernels[3], run="train")
    assert (changes(tmp_path, 2, run="train")[0] > 0).all()


def test_what_another_session_wrote_since_is_the_step_before(model, tmp_path):
    session = CaptureSession(model, IMAGES[:2], tmp_path)
    session.capture(0)
    between = move(model, 1)
    capture(model, IMAGES[:2], tmp_path, step=2)
    after = move(model, 2)
    session.capture(5)

    assert_changed(tmp_path, 2, *between["conv1"])
    assert_changed(tmp_path, 5, *after["conv1"])
    assert of_run(tmp_path, 5).changes_since == 2


def test_a_step_that_is_captured_in_between_leaves_the_later_one_as_it_is(model, tmp_path):
    capture(model, IMAGES[:2], tmp_path, step=4)
    first = move(model, 1)
    capture(model, IMAGES[:2], tmp_path, step=6)
    later = changes(tmp_path, 6)
    second = move(model, 2)
    capture(model, IMAGES[:2], tmp_path, step=5)

    assert_changed(tmp_path, 5, first["conv1"][0], second["conv1"][1])
    np.testing.assert_array_equal(changes(tmp_path, 6), later)
    assert [of_run(tmp_path, step).changes_since for step in (5, 6)] == [4, 4]


def test_a_step_that_is_captured_again_is_compared_with_the_one_before_it(model, tmp_path):
    capture(model, IMAGES[:2], tmp_path, step=0)
    first = move(model, 1)
    capture(model, IMAGES[:2], tmp_path, step=1)
    second = move(model, 2)
    capture(model, IMAGES[:2], tmp_path, step=1)
    third = move(model, 3)
    capture(model, IMAGES[:2], tmp_path, step=2)

    assert_changed(tmp_path, 1, first["conv1"][0], second["conv1"][1])
    assert_changed(tmp_path, 2, *third["conv1"])


def test_steps_of_other_input_images_and_of_other_models_are_passed_over(model, tmp_path):
    capture(model, IMAGES[:2], tmp_path, step=0)
    moved = move(model, 1)
    capture(model, OTHER_IMAGES, tmp_path, step=1)
    capture(small_model(keras.layers.ReLU()), IMAGES[:2], tmp_path, step=2)
    capture(model, IMAGES[:2], tmp_path, step=3)

    assert np.isnan(changes(tmp_path, 1)).all()
    assert np.isnan(changes(tmp_path, 2)).all()
    assert_changed(tmp_path, 3, *moved["conv1"])
    assert of_run(tmp_path, 3).changes_since == 0


def test_every_reason_for_unknown_changes_is_a_sentence_of_its_own(model, tmp_path):
    capture(model, IMAGES[:2], tmp_path, step=0)
    capture(model, OTHER_IMAGES, tmp_path, step=1)
    capture(small_model(keras.layers.ReLU()), IMAGES[:2], tmp_path, step=2)
    capture(model, IMAGES[:2], tmp_path, step=3)

    first, inputs, graph, none = (of_run(tmp_path, step).changes_unknown for step in range(4))
    assert first == "The run has no earlier step."
    assert inputs == (
        "No earlier step of the run with this model graph has the same input images."
    )
    assert graph == "No earlier step of the run has the same model graph."
    assert none == ""


def test_unchanged_layers_have_a_change_of_zero_also_without_traits(model, tmp_path):
    capture(model, IMAGES[:2], tmp_path, step=0)
    for path in tmp_path.rglob("traits-*"):
        path.unlink()
    kernel, bias = model.get_layer("conv2").get_weights()
    model.get_layer("conv2").set_weights([kernel + 0.1, bias])
    capture(model, IMAGES[:2], tmp_path, step=1)

    assert (np.asarray(changes(tmp_path, 1, "conv1")) == 0).all()
    assert np.isnan(changes(tmp_path, 1, "conv2")).all()
    found = of_run(tmp_path, 1)
    assert found.changes_since == 0
    assert found.changes_unknown.startswith("There are no traits of step 0")


def test_a_layer_that_the_step_before_does_not_hold_is_not_compared(model, tmp_path):
    capture(model, IMAGES[:2], tmp_path, step=0, layers="conv1")
    moved = move(model, 1)
    capture(model, IMAGES[:2], tmp_path, step=1)

    assert_changed(tmp_path, 1, *moved["conv1"])
    assert np.isnan(changes(tmp_path, 1, "conv2")).all()
    assert of_run(tmp_path, 1).changes_unknown == (
        "Step 0, the previous one, does not have all of these layers."
    )


def test_the_callback_goes_on_where_calls_of_capture_began(model, tmp_path):
    capture(model, IMAGES[:2], tmp_path, run="train", step=0)
    moved = move(model, 1)
    model.compile(keras.optimizers.SGD(0.0), "mse")
    targets = np.ones((24, 12, 12, 4))
    callback = ConvLensCallback(tmp_path, IMAGES[:2])
    model.fit(IMAGES, targets, initial_epoch=4, epochs=5, verbose=0, callbacks=[callback])

    assert_changed(tmp_path, 4, *moved["conv1"], run="train")
    assert (changes(tmp_path, 5, run="train")[0] == 0).all()
