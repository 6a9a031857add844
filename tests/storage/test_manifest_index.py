"""Layers of manifests read alone, against whole manifests that protobuf has parsed."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.errors import FormatError, NotCapturedError
from tensorboard_plugin_convlens.core.records import Capture, StepKey
from tensorboard_plugin_convlens.storage import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage import names
from tensorboard_plugin_convlens.storage.capture_message import index_of_layer
from tensorboard_plugin_convlens.storage.manifest_index import (
    ManifestIndex,
    Outline,
    identity_of,
    places_of_layers,
    read_layers,
)
from tensorboard_plugin_convlens.storage.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writer import Writer
from tests import captures


@pytest.fixture
def written(tmp_path):
    """A run of one step, and its key."""
    writer = Writer(tmp_path, run="train", kind="training")
    captures.write_step(writer, 4, model=captures.graph(convolutions=5))
    return tmp_path / "train", StepKey(4, writer.session)


def manifest(written) -> Path:
    directory, key = written
    return Path(directory) / names.DIRECTORY / names.manifest_name(key)


def assert_same(found: Capture, whole: Capture, layers):
    asked = [one for one in whole.layers if one.layer in layers]
    assert [one.layer for one in found.layers] == [one.layer for one in asked]
    assert (found.step, found.session, found.graph) == (whole.step, whole.session, whole.graph)
    for one, expected in zip(found.layers, asked, strict=True):
        for got, statistic in zip(one.statistics, expected.statistics, strict=True):
            assert (got.name, got.input) == (statistic.name, statistic.input)
            np.testing.assert_array_equal(got.values, statistic.values)


@pytest.mark.parametrize("layers", [(), (1,), (2, 4), range(100), (77,)], ids=str)
def test_any_layers_are_those_of_the_whole_manifest_at_the_first_and_every_later_time(
    written, layers
):
    directory, key = written
    whole = RunDirectory(directory).capture(key)
    for _ in range(3):
        assert_same(RunDirectory(directory).numbers(key, layers), whole, layers)


def test_a_manifest_that_was_replaced_is_read_anew(written):
    directory, key = written
    run = RunDirectory(directory)
    before = run.capture(key)
    assert_same(run.numbers(key, (1,)), before, (1,))
    fewer = tuple(
        dataclasses.replace(one, statistics=one.statistics[:1]) for one in before.layers
    )
    writer = Writer(directory.parent, run="train", session=key.session)
    writer.commit(dataclasses.replace(before, layers=fewer))
    after = run.capture(key)
    assert len(after.layers[0].statistics) == 1
    assert_same(run.numbers(key, (1,)), after, (1,))


def test_damage_is_seen_though_the_manifest_was_whole_before(written):
    directory, key = written
    run = RunDirectory(directory)
    run.numbers(key, (1,))
    content = bytearray(manifest(written).read_bytes())
    content[len(content) // 2] ^= 1
    manifest(written).write_bytes(content)
    with pytest.raises(FormatError, match="is damaged"):
        run.numbers(key, (1,))
    manifest(written).unlink()
    with pytest.raises(NotCapturedError, match="is gone"):
        run.numbers(key, (1,))


def test_a_link_in_the_place_of_a_manifest_is_not_followed(written, tmp_path):
    directory, key = written
    moved = tmp_path / "elsewhere"
    manifest(written).rename(moved)
    manifest(written).symlink_to(moved)
    with pytest.raises(FormatError, match="Cannot read"):
        RunDirectory(directory).numbers(key, (1,))


def test_the_outlines_that_were_not_asked_for_the_longest_are_let_go(tmp_path):
    index = ManifestIndex(most_layers=10)
    kept = {}
    for name in "abc":
        path = tmp_path / name
        path.write_bytes(b"x")
        layers = np.zeros((4, 3), np.int64)
        kept[path] = Outline(identity_of(path), Capture(0, 0, "", "", "", ()), layers)
    first, second, third = kept
    for path in (first, second):
        index.keep(path, kept[path])
    assert index.find(first, kept[first].identity) is kept[first]
    index.keep(third, kept[third])
    assert index.find(second, kept[second].identity) is None
    assert index.find(first, kept[first].identity) is kept[first]
    os.utime(first, (0, 0))
    assert index.find(first, identity_of(first)) is None


layers = st.builds(
    pb.LayerCapture,
    layer=st.integers(0, 2**32 - 1),
    statistics=st.lists(
        st.builds(
            pb.Statistic,
            name=st.text(max_size=5),
            input=st.integers(-1, 300),
            values=st.lists(st.floats(width=32), max_size=40),
        ),
        max_size=3,
    ),
)
manifests = st.builds(
    pb.Manifest,
    step=st.integers(-(2**63), 2**63 - 1),
    wall_time=st.floats(),
    session=st.text(max_size=200),
    layers=st.lists(layers, max_size=5),
    packs=st.lists(st.text(max_size=9), max_size=3),
    seconds=st.floats(),
)


@given(manifests)
def test_layers_are_found_in_whatever_protobuf_writes(message):
    content = message.SerializeToString()
    found = places_of_layers(content, index_of_layer)
    assert [int(index) for index, _, _ in found] == [one.layer for one in message.layers]
    # Not compared as messages, for not a number is unequal to itself.
    assert [content[start : start + length] for _, start, length in found] == [
        one.SerializeToString() for one in message.layers
    ]


def test_bytes_are_read_as_they_lie(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(50)))
    places = np.array([(3, 10, 4), (9, 20, 2), (5, 0, 1)], np.int64)
    outline = Outline(identity_of(path), Capture(0, 0, "", "", "", ()), places)
    assert read_layers(path, outline, (3, 5)) == [bytes(range(10, 14)), bytes([0])]
    assert read_layers(path, outline, (4,)) == []
