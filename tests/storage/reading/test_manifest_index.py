"""Layers of manifests read alone, against whole manifests that protobuf has parsed."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.errors import FormatError, NotCapturedError
from tensorboard_plugin_convlens.core.records import Capture, StepKey
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.fields import MalformedError, fields
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writing.writer import Writer
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


def test_a_manifest_that_was_replaced_is_read_again(written):
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
    found = [
        content[field.start : field.end]
        for field in fields(lambda start, end: content[start:end], 0, len(content))
        if field.number == 7
    ]
    # Not compared as messages, for not a number is unequal to itself.
    assert found == [one.SerializeToString() for one in message.layers]


@given(st.binary(max_size=200), st.integers(1, 40))
def test_bytes_that_are_not_a_message_are_refused_and_never_read_past_the_end(content, block):
    def read(start, end):
        assert 0 <= start <= end <= len(content)
        return content[start : min(end, start + block)]

    try:
        found = list(fields(read, 0, len(content)))
    except MalformedError:
        return
    assert all(0 <= one.begin < one.start <= one.end <= len(content) for one in found)


def test_a_layer_whose_index_is_not_as_writers_put_it_is_refused(written):
    directory, key = written
    path = manifest(written)
    message = pb.Manifest.FromString(path.read_bytes()[:-32])
    turned = b"".join(
        one[2:] + one[:2] for one in (layer.SerializeToString() for layer in message.layers[:1])
    )
    del message.layers[:]
    content = message.SerializeToString() + b"\x3a" + _varint(len(turned)) + turned
    path.write_bytes(content + hashlib.sha256(content).digest())
    with pytest.raises(FormatError, match="claims to be layer 1"):
        RunDirectory(directory).numbers(key, None)


def _varint(value: int) -> bytes:
    head = b""
    while value > 127:
        head += bytes([value & 127 | 128])
        value >>= 7
    return head + bytes([value])
