"""Files of traits: what was written is read, a damaged one is refused, old ones are removed."""

from __future__ import annotations

import errno
import os
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tensorboard_plugin_convlens.core.errors import ConvLensError, NotCapturedError
from tensorboard_plugin_convlens.core.records import Capture, LayerTraits, StepKey
from tensorboard_plugin_convlens.recording.kept_traits import remove_old_traits
from tensorboard_plugin_convlens.storage.checkup import check_run
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.sealed import seal
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.reading.traits_file import read_traits
from tensorboard_plugin_convlens.storage.writing.litter import find_litter
from tensorboard_plugin_convlens.storage.writing.recording import End, Recording
from tensorboard_plugin_convlens.storage.writing.traits_recording import TRAITS
from tensorboard_plugin_convlens.storage.writing.traits_writer import TraitsWriter
from tensorboard_plugin_convlens.storage.writing.writer import Writer

FLOATS = st.floats(width=32, allow_nan=True, allow_infinity=True)
GRAPH, INPUTS, OTHER_INPUTS = "a" * 64, "b" * 64, "c" * 64


def small_traits(layer=3, seed=0):
    random = np.random.default_rng(seed)
    kernels = random.normal(size=(4, 3, 3, 3)).astype(np.float32)
    return LayerTraits(layer, kernels, random.normal(size=(4, 20)).astype(np.float32))


def record(writer, step, *traits, inputs=INPUTS):
    """A step without pictures, with its traits."""
    recording = Recording(writer, step, lambda: remove_old_traits(writer, step))
    for one in traits or (small_traits(),):
        recording.accept(one)
    recording.accept(End(Capture(step, 1e9 + step, writer.session, GRAPH, inputs, ())))
    return recording.done.result()


def steps_with_traits(writer):
    found = map(names.parse_traits_name, os.listdir(writer.directory))
    return sorted(key.step for key in found if key is not None)


def path_of(writer, step):
    return writer.directory / names.traits_name(StepKey(step, writer.session))


@pytest.fixture
def writer(tmp_path):
    return Writer(tmp_path)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | arrays.arrays(np.float32, (2, 1, 1, 3), elements=FLOATS),
            arrays.arrays(np.float32, (2, 5), elements=FLOATS),
        ),
        max_size=4,
    )
)
def test_traits_are_read_bit_for_bit(tmp_path_factory, layers):
    writer = Writer(tmp_path_factory.mktemp("run"))
    written = [LayerTraits(index * 7, *one) for index, one in enumerate(layers)]
    with writer.traits(3) as file:
        for one in written:
            file.add(one)

    found = read_traits(writer.directory, StepKey(3, writer.session))
    assert list(found) == [one.layer for one in written]
    for one in written:
        assert found[one.layer].profiles.tobytes() == one.profiles.tobytes()
        if one.kernels is None:
            assert found[one.layer].kernels is None
        else:
            np.testing.assert_array_equal(found[one.layer].kernels, one.kernels)


def test_every_damage_of_a_byte_and_every_cut_is_noticed(writer):
    record(writer, 1)
    path, key = path_of(writer, 1), StepKey(1, writer.session)
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(
            whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :]
        )
        with pytest.raises(ConvLensError):
            read_traits(writer.directory, key)
    for end in range(0, len(whole), 11):
        path.write_bytes(whole[:end])
        with pytest.raises(ConvLensError, match="damaged"):
            read_traits(writer.directory, key)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ({"kernels_shape": (4, 1, 1, 2**62), "kernels": b"1234"}, "layer 0 are damaged: 4 by"),
        ({"kernels_shape": (1, 1), "kernels": b"1234"}, "layer 0 are damaged"),
        ({"kernels_shape": (-1, 1, -1, 1), "kernels": b"1234"}, "layer 0 are damaged"),
        ({"profiles_shape": (1, 1), "profiles": b"12345"}, "layer 0 are damaged: 5 bytes"),
        ({}, "layer 0 are damaged: 0 bytes, of the shape"),
    ],
)
def test_arrays_that_do_not_fit_their_shape_are_refused(writer, layer, expected):
    key = StepKey(2, writer.session)
    message = pb.Traits(
        format_version=1, step=2, session=key.session, layers=[pb.LayerTraits(**layer)]
    )
    path_of(writer, 2).write_bytes(seal(message))
    with pytest.raises(ConvLensError, match=expected):
        read_traits(writer.directory, key)


def test_the_traits_of_another_step_and_of_a_later_format_are_refused(writer):
    key = StepKey(2, writer.session)
    for message, expected in (
        (pb.Traits(format_version=1, step=3, session=key.session), "claims to be of step 3"),
        (pb.Traits(format_version=2, step=2, session=key.session), "format version 2"),
    ):
        path_of(writer, 2).write_bytes(seal(message))
        with pytest.raises(ConvLensError, match=expected):
            read_traits(writer.directory, key)


def test_a_link_is_not_followed_and_what_is_not_there_is_not_captured(writer, tmp_path):
    (tmp_path / "elsewhere").write_bytes(b"secret")
    path_of(writer, 2).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConvLensError):
        read_traits(writer.directory, StepKey(2, writer.session))
    with pytest.raises(NotCapturedError):
        read_traits(writer.directory, StepKey(3, writer.session))


def test_traits_of_the_two_newest_steps_stay(writer):
    for step in range(5):
        record(writer, step)
    assert steps_with_traits(writer) == [3, 4]


def test_the_two_newest_of_every_set_of_input_images_stay(writer):
    for step in range(8):
        record(writer, step, inputs=(INPUTS, OTHER_INPUTS)[step % 2])
    assert steps_with_traits(writer) == [4, 5, 6, 7]


def test_steps_that_are_written_later_though_they_are_earlier_stay_too(tmp_path):
    for step in (100, 200, 1, 2, 3):
        last = Writer(tmp_path)
        record(last, step)
    assert steps_with_traits(last) == [2, 3, 100, 200]


def test_the_traits_that_count_stay_if_a_step_was_captured_again(tmp_path):
    sessions = [Writer(tmp_path) for _ in range(4)]
    for writer, step in zip(sessions, (0, 1, 1, 1), strict=True):
        record(writer, step)
    assert steps_with_traits(sessions[0]) == [0, 1]
    assert path_of(sessions[3], 1).exists()


def test_a_run_of_many_kinds_of_inputs_has_no_more_than_eight_files(tmp_path):
    for step in range(12):
        record(last := Writer(tmp_path), step, inputs=f"{step:064x}")
    assert steps_with_traits(last) == list(range(4, 12))


def test_traits_whose_manifest_is_about_to_come_stay(tmp_path):
    other = Writer(tmp_path)
    with other.traits(0) as file:
        file.add(small_traits())
    writer = Writer(tmp_path)
    for step in range(1, 5):
        record(writer, step)
    assert steps_with_traits(writer) == [0, 3, 4]


def test_the_checkup_tells_of_damaged_traits_and_of_no_others(writer):
    record(writer, 0)
    record(writer, 1)
    assert not [one for one in check_run(writer.run_directory) if "traits" in one.file]
    path = path_of(writer, 1)
    path.write_bytes(path.read_bytes()[:-1] + b"!")

    (finding,) = [one for one in check_run(writer.run_directory) if "traits" in one.file]
    assert finding.file == path.name
    assert "The file with the traits of step 1 is damaged" in finding.problem
    assert finding.fix == ""


def test_traits_of_no_step_are_litter_once_their_writer_is_dead(writer):
    dead = "t1700000000000-aaaaaaaa"
    record(writer, 0)
    orphan = path_of(writer, 0).with_name(names.traits_name(StepKey(5, dead)))
    orphan.write_bytes(path_of(writer, 0).read_bytes())
    unfinished = orphan.with_name(f".{orphan.name[:40]}.0123abcd.tmp")
    unfinished.write_bytes(b"")

    assert find_litter(writer.directory, time.time()) == []
    later = time.time() + 2 * 24 * 3600
    found = find_litter(writer.directory, later, own=writer.session)
    assert [one.name for one in found] == [unfinished.name, orphan.name]


@pytest.mark.parametrize("call", ["write", "replace"])
def test_traits_that_cannot_be_written_leave_the_capture_as_it_is(writer, monkeypatch, call):
    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    recording = Recording(writer, 3)
    with monkeypatch.context() as patch:
        if call == "write":
            patch.setattr(TraitsWriter, "_write", fail)
        recording.accept(small_traits())
        real = os.replace
        if call == "replace":
            patch.setattr(
                os,
                "replace",
                lambda a, b: fail() if "traits" in os.path.basename(b) else real(a, b),
            )
        recording.accept(End(Capture(3, 1e9, writer.session, GRAPH, INPUTS, ())))

    assert steps_with_traits(writer) == []
    assert not list(writer.directory.glob(".traits*"))
    stored = RunDirectory(writer.run_directory).capture(StepKey(3, writer.session))
    assert [(one.what, one.reason) for one in stored.skipped] == [
        (TRAITS, "it could not be written: No space left on device")
    ]


def test_traits_of_a_capture_that_is_given_up_are_removed(writer):
    recording = Recording(writer, 3)
    recording.accept(small_traits())
    recording.abandon()
    assert not [name for name in os.listdir(writer.directory) if "traits" in name]
