import numpy as np
import pytest

from tensorboard_plugin_convlens.core.errors import InputError, NotCapturedError, StorageError
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures


def test_runs_and_steps_are_those_that_were_written(tmp_path):
    captures.write_run(tmp_path, "a/train", steps=(0, 5))
    captures.write_run(tmp_path, ".", steps=(3,))

    reader = Reader(tmp_path)

    assert reader.runs() == (".", "a/train")
    assert reader.steps("a/train") == (0, 5)


def test_feature_maps_come_back_within_the_stated_error(tmp_path):
    captures.write_run(tmp_path)

    maps = Reader(tmp_path).feature_maps("train", 1, "conv2", input_index=1)

    written = captures.maps(1, 1, 2)
    scale = np.abs(written).max(axis=(1, 2), keepdims=True)
    assert (np.abs(maps - written) <= scale / 508 * 1.001).all()


def test_guided_gradients_come_back_in_their_place_in_the_input(tmp_path):
    captures.write_run(tmp_path)

    frames = Reader(tmp_path).guided_gradients("train", 0, "conv1", channels=[0, 3])

    assert frames.shape == (2, captures.SIDE, captures.SIDE, 3)
    for frame, channel in zip(frames, (0, 3), strict=True):
        whole = captures.gradients(0, 0, 1)
        padded = np.zeros((captures.SIDE + 20, captures.SIDE + 20, 3), np.float32)
        top, left = whole.top[channel] + 10, whole.left[channel] + 10
        padded[top : top + captures.CROP, left : left + captures.CROP] = whole.values[channel]
        scale = np.abs(whole.values[channel]).max()
        assert np.abs(frame - padded[10:-10, 10:-10]).max() <= scale / 254 * 1.001


def test_graph_and_inputs_come_back_as_they_were(tmp_path):
    captures.write_run(tmp_path)
    reader = Reader(tmp_path)

    assert reader.model_graph("train") == captures.graph()
    for back, written in zip(
        reader.inputs("train").inputs, captures.images().inputs, strict=True
    ):
        assert (back.label, back.class_index) == (written.label, written.class_index)
        assert (back.pictures[0] == written.pictures[0]).all()


def test_a_capture_comes_back_as_it_was_committed(tmp_path):
    writer = Writer(tmp_path, run="train")
    written = captures.write_step(writer, 4)

    back = Reader(tmp_path).capture("train", 4)

    assert repr(back) == repr(written)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (
            lambda reader: reader.steps("other"),
            "has no run 'other' with captures; it has: train",
        ),
        (lambda reader: reader.capture("train", 9), "has no step 9; it has: 0, 1, 2"),
        (lambda reader: reader.feature_maps("train", 0, "x"), "'x' was not captured at step 0"),
        (
            lambda reader: reader.feature_maps("train", 0, "conv1", input_index=7),
            "no activation sheet for input 7",
        ),
        (
            lambda reader: reader.guided_gradients("train", 0, "conv1", [99]),
            "has no filter 99; its filters are 0 to 5",
        ),
        (
            lambda reader: reader.guided_gradients("train", 0, "conv1", method="gradient"),
            "no gradient sheet",
        ),
    ],
)
def test_missing_parts_are_reported_in_a_sentence(tmp_path, ask, sentence):
    captures.write_run(tmp_path)

    with pytest.raises(NotCapturedError, match=sentence):
        ask(Reader(tmp_path))


def test_a_url_is_refused_with_a_sentence():
    with pytest.raises(StorageError, match="local directories"):
        Reader("s3://bucket/logs")


def test_an_empty_log_directory_has_no_runs(tmp_path):
    assert Reader(tmp_path).runs() == ()


def test_statistics_come_by_name_for_the_asked_input_image(tmp_path):
    captures.write_run(tmp_path, "train", steps=(3,))
    reader = Reader(tmp_path)

    first = reader.statistics("train", 3, "conv1")
    second = reader.statistics("train", 3, "conv1", input_index=1)

    assert first["mean"].tolist() == [3, 4, 5, 6, 7, 8]
    assert second["mean"].tolist() == [4, 5, 6, 7, 8, 9]
    assert np.isnan(first["l1"][0])
    assert reader.unchanged_since("train", 3, "conv1") is None


def test_compare_subtracts_pictures_of_two_runs(tmp_path):
    captures.write_run(tmp_path, "one", steps=(1,))
    captures.write_run(tmp_path, "other", steps=(2,))
    reader = Reader(tmp_path)

    for method in ("activation", "guided"):
        difference = reader.compare(("one", 1), ("other", 2), "conv2", method=method)
        read = reader.feature_maps if method == "activation" else reader.guided_gradients
        np.testing.assert_array_equal(
            difference, read("one", 1, "conv2") - read("other", 2, "conv2")
        )
        assert difference.any()


def test_compare_refuses_other_inputs(tmp_path, monkeypatch):
    captures.write_run(tmp_path, "one", steps=(0,))
    three = captures.images(3)
    monkeypatch.setattr(captures, "images", lambda: three)
    captures.write_run(tmp_path, "other", steps=(0,))
    reader = Reader(tmp_path)

    with pytest.raises(InputError, match="different input images"):
        reader.compare(("one", 0), ("other", 0), "conv1")


def test_compare_refuses_other_shapes(tmp_path, monkeypatch):
    captures.write_run(tmp_path, "one", steps=(0,))
    whole = captures.maps
    monkeypatch.setattr(captures, "maps", lambda *which: whole(*which)[:, ::2])
    captures.write_run(tmp_path, "smaller", steps=(0,))

    with pytest.raises(InputError, match="only equal shapes can be subtracted"):
        Reader(tmp_path).compare(("one", 0), ("smaller", 0), "conv1")
