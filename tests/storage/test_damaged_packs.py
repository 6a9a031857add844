"""Bits of packs that flip: what is shown is what was captured, or a sentence."""

from __future__ import annotations

import hashlib
import time
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import Capture, Gradients, LayerCapture, StepKey
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.reading.tile import decode_tile, segment_place
from tensorboard_plugin_convlens.storage.writing.sheet_writer import GradientKey
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures
from tests.storage.format.test_pack import encode
from tests.strategies import LEVELS

FILTERS = 3


def write_small_step(writer):
    """One layer, small enough to flip every bit: maps, guided gradients, magnitudes."""
    random = np.random.default_rng(0)
    place = np.zeros(FILTERS, np.int32)
    values = random.normal(size=(FILTERS, 3, 3, 3)).astype(np.float32)
    with writer.pack(0, 0) as pack:
        maps = pack.add_maps(
            random.normal(size=(FILTERS, 4, 4)).astype(np.float32), input_index=0
        )
        guided = pack.begin_gradients(GradientKey("guided", "max", 0))
        guided.add(Gradients(tuple(range(FILTERS)), values, place, place, place, place, True))
        sheets = (maps, *guided.finish())
    model, images = captures.graph(), captures.images()
    writer.write_graph(model)
    writer.write_inputs(images)
    capture = Capture(
        step=0,
        wall_time=time.time(),
        session=writer.session,
        graph=model.fingerprint,
        inputs=images.fingerprint,
        layers=(LayerCapture(1, sheets),),
    )
    writer.commit(capture)
    return capture


def without_checksums(capture):
    """The capture as it was written before there were checksums of segments."""
    return replace(
        capture,
        layers=tuple(
            replace(layer, sheets=tuple(replace(one, checksums=None) for one in layer.sheets))
            for layer in capture.layers
        ),
    )


@pytest.fixture(params=["with checksums of segments", "made before there were any"])
def small(request, tmp_path):
    """A run with one small step: its directory, its pack and its sheets."""
    writer = Writer(tmp_path, run="train")
    capture = write_small_step(writer)
    if "before" in request.param:
        capture = without_checksums(capture)
        writer.commit(capture)
    run = RunDirectory(tmp_path / "train")
    sheets = run.capture(StepKey(0, writer.session)).layers[0].sheets
    assert all(bool(one.checksums) != ("before" in request.param) for one in sheets)
    return run, writer.directory / sheets[0].pack, sheets


def tiles_of(run, sheets):
    """Every tile, or the fault that reading it raises."""
    for sheet in sheets:
        for channel in range(sheet.channels):
            try:
                yield run.tile(sheet, channel)
            except FormatError as error:
                yield error


def test_a_tile_after_a_flip_in_any_byte_is_the_right_one_or_a_sentence(small):
    run, pack, sheets = small
    whole, right = pack.read_bytes(), list(tiles_of(run, sheets))
    assert all(isinstance(one, bytes) for one in right)
    told = 0
    for place in range(len(whole)):
        bad = bytearray(whole)
        bad[place] ^= 1 << place % 8
        pack.write_bytes(bad)
        for found, expected in zip(tiles_of(run, sheets), right, strict=True):
            if isinstance(found, FormatError):
                assert "damaged" in str(found) or "version" in str(found)
                told += 1
            else:
                assert found == expected
    assert told >= len(whole) // 2


def test_every_flipped_bit_of_a_segment_is_noticed(tmp_path):
    capture = write_small_step(Writer(tmp_path, run="train"))
    run = RunDirectory(tmp_path / "train")
    for sheet in capture.layers[0].sheets:
        start, end = segment_place(sheet, 0)
        stored = run.stored(sheet.place).read()[start:end]
        assert decode_tile(sheet, 0, stored) == run.tile(sheet, 0)
        for bit in range(8 * len(stored)):
            bad = bytearray(stored)
            bad[bit // 8] ^= 1 << bit % 8
            with pytest.raises(FormatError, match="checksum of channel 0"):
                decode_tile(sheet, 0, bytes(bad))


def test_a_tile_of_a_pack_cut_anywhere_is_the_right_one_or_a_sentence(small):
    run, pack, sheets = small
    whole, right = pack.read_bytes(), list(tiles_of(run, sheets))
    for length in range(len(whole)):
        pack.write_bytes(whole[:length])
        for found, expected in zip(tiles_of(run, sheets), right, strict=True):
            assert isinstance(found, FormatError) or found == expected


def test_a_pack_of_another_capture_under_the_name_is_noticed(small):
    run, pack, sheets = small
    whole = pack.read_bytes()
    # Same compressed layout, other values: as if a backup of another run lay there.
    swapped = bytearray(whole)
    first, second = (
        sheets[0].segments[0] + sheets[0].offset,
        sheets[0].offset + sheets[0].length,
    )
    swapped[first:second] = bytes(reversed(whole[first:second]))
    pack.write_bytes(swapped)

    with pytest.raises(FormatError, match="damaged"):
        run.tile(sheets[0], 0)


@given(LEVELS, st.data())
def test_segments_cover_the_stored_bytes_and_each_has_its_checksum(levels, data):

    file, stored = encode(levels, data.draw(st.integers(1, 7)))
    ends = (*stored.segments[1:], stored.length)
    content = file.getvalue()

    assert stored.checksums == tuple(
        zlib.crc32(content[start:end]) for start, end in zip(stored.segments, ends, strict=True)
    )
    assert hashlib.sha256(content).hexdigest() == stored.sha256


def test_checksums_are_stored_with_the_sheet(tmp_path):
    writer = Writer(tmp_path, run="train")
    written = captures.write_step(writer, 0)

    read = RunDirectory(tmp_path / "train").capture(StepKey(0, writer.session))

    for layer, again in zip(written.layers, read.layers, strict=True):
        for sheet, other in zip(layer.sheets, again.sheets, strict=True):
            assert other.checksums == sheet.checksums
            assert len(other.checksums or ()) == len(sheet.segments) > 0
    assert names.FORMAT_VERSION == 1
