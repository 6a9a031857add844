"""Training with the callback: what it captures, and that it never disturbs."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing import plugin_event_multiplexer

from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tests.training.training import IMAGES, build_model, fit


def test_every_epoch_is_captured_and_the_weights_before_training_are_step_0(tmp_path):
    fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:2]))

    assert Reader(tmp_path).steps("train") == (0, 1, 2, 3)


def test_the_last_capture_is_of_the_trained_model(tmp_path):
    model = build_model()
    fit(model, ConvLensCallback(tmp_path, IMAGES[:2]))

    maps = Reader(tmp_path).feature_maps("train", 3, "conv1", input_index=1)

    expected = model.layers[0](IMAGES[1:2]).numpy()[0].transpose(2, 0, 1)
    assert np.abs(maps - expected).max() <= expected.max() / 508 * 1.01
    assert np.abs(Reader(tmp_path).feature_maps("train", 0, "conv1") - maps).max() > 0.01


def test_the_final_weights_are_bit_identical_to_a_training_without_it(tmp_path):
    plain, watched = build_model(), build_model()
    fit(plain)
    fit(watched, ConvLensCallback(tmp_path, IMAGES[:2]))

    for one, other in zip(plain.get_weights(), watched.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()
    for one, other in zip(plain.optimizer.variables, watched.optimizer.variables, strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


@pytest.mark.parametrize(
    ("freq", "steps"),
    [(1, (0, 1, 2, 3, 4, 5)), (2, (0, 2, 4, 5)), ("batch:7", (0, 7, 14, 20))],
)
def test_freq_counts_epochs_or_batches_and_the_end_is_always_captured(tmp_path, freq, steps):
    fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:1], freq=freq), epochs=5)

    assert Reader(tmp_path).steps("train") == steps


def test_a_resumed_training_goes_on_from_its_epoch(tmp_path):
    model = build_model()
    fit(model, ConvLensCallback(tmp_path, IMAGES[:1]), epochs=2)
    fit(model, ConvLensCallback(tmp_path, IMAGES[:1]), epochs=4, initial_epoch=2)

    reader = Reader(tmp_path)
    assert reader.steps("train") == (0, 1, 2, 3, 4)
    assert reader.capture("train", 1).session != reader.capture("train", 2).session


def test_a_training_begun_again_abandons_the_steps_of_the_first(tmp_path):
    fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:1]), epochs=4)
    fit(build_model(), ConvLensCallback(tmp_path, IMAGES[:1]), epochs=1)

    assert Reader(tmp_path).steps("train") == (0, 1)


@pytest.mark.parametrize("convlens_first", [True, False])
def test_the_scalars_of_keras_own_callback_stay_complete_on_the_python_loader(
    tmp_path, convlens_first
):
    convlens = ConvLensCallback(tmp_path, IMAGES[:1])
    own = keras.callbacks.TensorBoard(tmp_path, write_graph=True)
    fit(build_model(), *((convlens, own) if convlens_first else (own, convlens)), epochs=4)

    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(tmp_path))
    multiplexer.Reload()
    loss = multiplexer.Tensors("train", "epoch_loss")
    assert [event.step for event in loss] == [0, 1, 2, 3]
    assert (
        "convlens" in multiplexer.PluginRunToTagToContent("convlens").get("train", {})
        or (multiplexer.PluginRunToTagToContent("convlens")["train"])
    )


def test_labels_and_class_names_are_kept(tmp_path):
    callback = ConvLensCallback(
        tmp_path, IMAGES[:2], labels=[2, 0], class_names=["a", "b", "c"], run="named"
    )
    fit(build_model(), callback, epochs=1)

    inputs = Reader(tmp_path).inputs("named")
    assert [image.label for image in inputs.inputs] == ["0: c", "1: a"]
    assert inputs.class_names == ("a", "b", "c")
