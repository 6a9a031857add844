import gzip
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.storage.format.pack import (
    HEADER,
    SheetEncoder,
    check_header,
    decode_segment,
    decode_sheet,
)
from tests.strategies import LEVELS


def encode(levels, block=3):
    file = io.BytesIO()
    encoder = SheetEncoder(file, levels.shape[1:])
    for start in range(0, len(levels), block):
        encoder.add(levels[start : start + block])
    return file, encoder.finish()


@given(LEVELS)
def test_a_stored_sheet_is_one_ordinary_gzip_member(levels):
    file, stored = encode(levels)

    assert gzip.decompress(file.getvalue()) == levels.tobytes()
    assert decode_sheet(file.getvalue(), levels.size) == levels.tobytes()
    assert stored.length == len(file.getvalue())


@given(LEVELS, st.data())
def test_a_channel_can_be_read_from_its_segment_alone(levels, data):
    file, stored = encode(levels)
    channel = data.draw(st.integers(0, len(levels) - 1))
    segment, place = divmod(channel, stored.channels_per_segment)
    size = levels[0].size

    raw = decode_segment(file.getvalue()[stored.segments[segment] :], (place + 1) * size)

    assert raw[place * size :] == levels[channel].tobytes()


@given(LEVELS, st.integers(1, 7))
def test_the_bytes_do_not_depend_on_how_the_blocks_fall(levels, block):
    assert encode(levels, block)[1].sha256 == encode(levels, 1)[1].sha256


def test_large_planes_have_a_segment_each_and_small_ones_share():
    assert len(encode(np.zeros((5, 3, 100, 100), np.uint8))[1].segments) == 5
    assert len(encode(np.zeros((500, 1, 7, 7), np.uint8))[1].segments) == 2


def test_every_cut_and_every_flipped_byte_is_noticed_or_harmless():
    levels = np.random.default_rng(0).integers(0, 9, (4, 1, 5, 5)).astype(np.uint8)
    good = encode(levels)[0].getvalue()
    for cut in range(len(good)):
        with pytest.raises(FormatError):
            decode_sheet(good[:cut], levels.size)
    for place in range(10, len(good)):
        bad = bytearray(good)
        bad[place] ^= 0xFF
        try:
            assert decode_sheet(bytes(bad), levels.size) == levels.tobytes()
        except FormatError as error:
            assert "damaged" in str(error)


def test_a_sheet_that_inflates_to_more_than_it_says_is_refused():
    bomb = gzip.compress(bytes(10_000_000))

    with pytest.raises(FormatError, match="expected 100 bytes"):
        decode_sheet(bomb, 100)


def test_planes_of_another_shape_are_refused():
    encoder = SheetEncoder(io.BytesIO(), (1, 4, 4))

    with pytest.raises(ValueError, match="got planes"):
        encoder.add(np.zeros((2, 1, 5, 5), np.uint8))


def test_a_pack_of_another_kind_or_version_is_refused():
    check_header(HEADER)
    with pytest.raises(FormatError, match="does not begin with CLPK"):
        check_header(b"PNG1" + HEADER[4:])
    with pytest.raises(FormatError, match="format version 2"):
        check_header(b"CLPK\x02\x00\x00\x00")
