"""What goes wrong while the callback captures: a clear sentence, and the training goes on."""

from __future__ import annotations

import logging
import os
import resource
import shutil

import keras
import numpy as np
import pytest

from tensorboard_plugin_convlens.core.errors import InputError, NoConvolutionError
from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writing.discovery import find_announcement
from tests.training.training import IMAGES, build_model, fit


def trained_in_spite_of(caplog, model, callback):
    """Trains; returns what was logged. The training must have run to its end."""
    with caplog.at_level(logging.WARNING):
        history = fit(model, callback)
    assert len(history.history["loss"]) == 3
    return "\n".join(record.getMessage() for record in caplog.records)


def test_a_model_without_convolutions_is_reported_and_keeps_training(tmp_path, caplog):
    model = keras.Sequential(
        [keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))

    told = trained_in_spite_of(caplog, model, ConvLensCallback(tmp_path, IMAGES[:1]))

    assert "ConvLens did not capture" in told
    assert "no convolution" in told
    assert "Training goes on." in told


class Subclassed(keras.Model):
    """A model that is built at its first batch; with a convolution, or without."""

    def __init__(self, *, convolution):
        super().__init__()
        layers = keras.layers
        self.first = layers.Conv2D(4, 3, name="conv") if convolution else layers.Dense(4)
        self.pool = layers.GlobalAveragePooling2D()
        self.top = layers.Dense(3, activation="softmax")

    def call(self, images):
        return self.top(self.pool(keras.ops.relu(self.first(images))))


class LastBatch(keras.callbacks.Callback):
    """Notes which batches have ended."""

    ended = 0

    def on_train_batch_end(self, batch, logs=None):
        self.ended += 1


def test_a_model_without_weights_before_its_first_batch_is_reported_and_captured_later(
    tmp_path, caplog
):
    model = Subclassed(convolution=True)
    model.compile("adam", "sparse_categorical_crossentropy")
    told = trained_in_spite_of(caplog, model, ConvLensCallback(tmp_path, IMAGES[:1]))

    assert told.count("has none before its first batch") == 1
    reader = Reader(tmp_path)
    assert reader.steps("train") == (1, 2, 3)
    assert "did not capture the weights before training" in reader.problems("train")[0]


def test_a_model_built_at_its_first_batch_is_refused_after_that_batch(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVLENS_STRICT", "1")
    model, batches = Subclassed(convolution=False), LastBatch()
    model.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(NoConvolutionError):
        fit(model, batches, ConvLensCallback(tmp_path, IMAGES[:1]))
    assert batches.ended == 1


def test_a_built_model_is_refused_before_its_first_batch(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVLENS_STRICT", "1")
    model, batches = Subclassed(convolution=False), LastBatch()
    model(IMAGES[:1])
    model.compile("adam", "sparse_categorical_crossentropy")
    with pytest.raises(NoConvolutionError):
        fit(model, batches, ConvLensCallback(tmp_path, IMAGES[:1]))
    assert batches.ended == 0


def test_images_of_the_wrong_shape_are_reported_with_both_shapes(tmp_path, caplog):
    wrong = np.zeros((1, 9, 12, 3), np.float32)

    told = trained_in_spite_of(caplog, build_model(), ConvLensCallback(tmp_path, wrong))

    assert "(1, 9, 12, 3)" in told
    assert "12, 12, 3" in told


def test_an_unknown_layer_is_reported_with_the_existing_ones(tmp_path, caplog):
    callback = ConvLensCallback(tmp_path, IMAGES[:1], layers=["conv9"])

    told = trained_in_spite_of(caplog, build_model(), callback)

    assert "'conv9'" in told
    assert "conv1" in told


def test_a_log_directory_that_is_a_file_is_reported(tmp_path, caplog):
    (tmp_path / "logs").write_text("I am a file.")

    told = trained_in_spite_of(
        caplog, build_model(), ConvLensCallback(tmp_path / "logs", IMAGES[:1])
    )

    assert "Cannot create the directory" in told


def test_a_log_directory_that_is_removed_is_made_again_with_all_that_is_needed(tmp_path):
    class Remove(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch in (1, 3):
                callback._lane.wait()
                shutil.rmtree(tmp_path / "logs")

    callback = ConvLensCallback(tmp_path / "logs", IMAGES[:1])
    fit(build_model(), Remove(), callback, epochs=5)

    reader = Reader(tmp_path / "logs")
    assert reader.steps("train") == (4, 5)
    for step in (4, 5):
        assert reader.feature_maps("train", step, "conv2").size > 0
    assert reader.inputs("train").inputs
    assert find_announcement(tmp_path / "logs" / "train") is not None


def test_a_full_disk_is_reported_and_capturing_goes_on_when_there_is_space(tmp_path, caplog):
    class Full(keras.callbacks.Callback):
        """Files may hold 512 bytes in the second epoch: writing fails as on a full disk."""

        def on_epoch_begin(self, epoch, logs=None):
            assert callback._lane is not None
            callback._lane.wait()  # For what the last epoch left to write.
            limit = 512 if epoch == 1 else resource.RLIM_INFINITY
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    callback = ConvLensCallback(tmp_path, IMAGES[:1])
    told = None
    try:
        with caplog.at_level(logging.WARNING):
            fit(build_model(), Full(), callback, epochs=3)
        told = "\n".join(record.getMessage() for record in caplog.records)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    assert "Cannot write" in told
    assert Reader(tmp_path).steps("train") == (0, 1, 3)
    assert "Cannot write" in RunDirectory(tmp_path / "train").problems()[0]
    left = os.listdir(tmp_path / "train/plugins/convlens/v1")
    assert not [name for name in left if name.endswith(".tmp")]


def test_weights_that_are_not_numbers_are_captured_as_such(tmp_path, caplog):
    model = build_model()
    weights = model.get_weights()
    weights[0][:, :, :, 2] = np.nan
    model.set_weights(weights)

    told = trained_in_spite_of(caplog, model, ConvLensCallback(tmp_path, IMAGES[:1]))

    assert told == ""
    reader = Reader(tmp_path)
    assert np.isnan(reader.feature_maps("train", 0, "conv1")[2]).all()
    sheet = reader.capture("train", 0).layers[0].sheets[0]
    assert sheet.nan.tolist() == [0, 0, 100, 0]


def test_strict_mode_lets_faults_through(tmp_path, monkeypatch):
    monkeypatch.setenv("CONVLENS_STRICT", "1")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("sgd", "mse")

    with pytest.raises(NoConvolutionError):
        model.fit(
            np.zeros((4, 4)),
            np.zeros((4, 3)),
            verbose=0,
            callbacks=[ConvLensCallback(tmp_path, np.zeros((1, 4), np.float32))],
        )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"freq": 0}, "freq must be"),
        ({"freq": "epoch:3"}, "freq must be"),
        ({"methods": ("activations",)}, "methods must be some of"),
        ({"methods": ()}, "methods must be some of"),
        ({"target": "mean"}, 'target must be "max" or "sum"'),
        ({"labels": ["one"]}, "Expected 2 labels"),
        ({"display": np.zeros((2, 4, 4, 2))}, "display must be"),
        ({"display": np.full((2, 4, 4, 3), 7.0)}, "display must be uint8"),
    ],
)
def test_a_wrong_argument_is_reported_before_training(tmp_path, arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        ConvLensCallback(tmp_path, IMAGES[:2], **arguments)


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        (np.array(["a", "b"]), "values of type"),
        (np.zeros((0, 4, 4, 3)), "at least one"),
        (np.zeros((999, 4, 4, 3)), "at most 256"),
        ([], "No input images"),
    ],
)
def test_wrong_inputs_are_reported_before_training(tmp_path, inputs, sentence):
    with pytest.raises(InputError, match=sentence):
        ConvLensCallback(tmp_path, inputs)
