import gzip
import hashlib
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.errors import FormatError, NotCapturedError
from tensorboard_plugin_convlens.core.records import StepKey
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.capture_message import capture_from_message
from tensorboard_plugin_convlens.storage.format.sealed import unseal
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.reading.superseded import current_steps
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures

OLD = "t1700000000000-aaaaaaaa"
NEW = "t1800000000000-bbbbbbbb"
OLD_CAPTURE = "c1700000000000-cccccccc"
NEW_CAPTURE = "c1900000000000-dddddddd"


def test_a_restarted_training_abandons_the_later_steps_of_the_earlier_one():
    keys = [StepKey(step, OLD) for step in range(6)] + [StepKey(step, NEW) for step in (3, 4)]

    assert current_steps(keys) == (
        *(StepKey(step, OLD) for step in range(3)),
        StepKey(3, NEW),
        StepKey(4, NEW),
    )


def test_captures_of_checkpoints_stand_beside_each_other_in_any_order():
    keys = [StepKey(10, OLD_CAPTURE), StepKey(5, NEW_CAPTURE), StepKey(7, NEW)]

    assert [key.step for key in current_steps(keys)] == [5, 7, 10]


def test_the_later_of_two_captures_of_one_step_counts():
    assert current_steps([StepKey(5, NEW_CAPTURE), StepKey(5, OLD_CAPTURE)]) == (
        StepKey(5, NEW_CAPTURE),
    )


def test_a_pack_without_a_manifest_is_not_a_step(tmp_path):
    writer = captures.write_run(tmp_path, steps=(0,))
    with writer.pack(1, 0) as pack:
        pack.add_maps(captures.maps(1, 0), input_index=0)

    assert [key.step for key in RunDirectory(tmp_path / "train").steps()] == [0]


def test_a_failure_while_a_pack_is_written_leaves_no_file(tmp_path):
    writer = Writer(tmp_path, run="train")
    before = sorted(os.listdir(writer.directory))

    def fail():
        with writer.pack(0, 0) as pack:
            pack.add_maps(captures.maps(0, 0), input_index=0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert sorted(os.listdir(writer.directory)) == before


def test_a_tile_is_the_channel_of_the_sheet(tmp_path):
    writer = Writer(tmp_path, run="train")
    capture = captures.write_step(writer, 0)
    run = RunDirectory(tmp_path / "train")
    for sheet in capture.layers[0].sheets:
        size = sheet.planes * sheet.height * sheet.width
        whole = levels_of(run, sheet)
        for channel in range(sheet.channels):
            assert run.tile(sheet, channel) == whole[channel * size : (channel + 1) * size]


def levels_of(run, sheet):
    return gzip.decompress(run.stored(sheet.place).read())


def test_a_damaged_pack_costs_only_the_sheet_that_is_hit(tmp_path):
    writer = Writer(tmp_path, run="train")
    capture = captures.write_step(writer, 0)
    hit, other = capture.layers[0].sheets[0], capture.layers[1].sheets[0]
    path = writer.directory / hit.pack
    content = bytearray(path.read_bytes())
    content[hit.offset + hit.length // 2] ^= 1
    path.write_bytes(content)
    run = RunDirectory(tmp_path / "train")

    with pytest.raises(FormatError, match="SHA-256 does not match the manifest"):
        run.stored(hit.place)
    assert run.stored(other.place).read()


def test_a_manifest_cut_at_any_place_is_an_error_and_never_a_crash(tmp_path):
    writer = Writer(tmp_path, run="train")
    capture = captures.write_step(writer, 0)
    key = StepKey(0, capture.session)
    path = writer.directory / names.manifest_name(key)
    whole = path.read_bytes()
    run = RunDirectory(tmp_path / "train")
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with pytest.raises(FormatError, match="damaged"):
            run.capture(key)


def test_a_manifest_with_a_flipped_byte_is_an_error(tmp_path):
    writer = Writer(tmp_path, run="train")
    capture = captures.write_step(writer, 0)
    key = StepKey(0, capture.session)
    path = writer.directory / names.manifest_name(key)
    whole = path.read_bytes()
    run = RunDirectory(tmp_path / "train")
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(FormatError, match="damaged"):
            run.capture(key)


def test_a_pack_name_that_leads_elsewhere_is_refused(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"CLPK\x01\x00\x00\x00secret")
    writer = Writer(tmp_path, run="train")
    capture = captures.write_step(writer, 0)
    key = StepKey(0, capture.session)
    path = writer.directory / names.manifest_name(key)
    pack = capture.layers[0].sheets[0].pack.encode()
    evil = b"../../../../secret".ljust(len(pack), b"/")
    content = path.read_bytes()[:-32].replace(pack, evil)
    path.write_bytes(content + hashlib.sha256(content).digest())

    with pytest.raises(FormatError, match="no valid name"):
        RunDirectory(tmp_path / "train").capture(key)


def test_a_symbolic_link_in_the_place_of_a_pack_is_not_followed(tmp_path):
    writer = Writer(tmp_path, run="train")
    sheet = captures.write_step(writer, 0).layers[0].sheets[0]
    path = writer.directory / sheet.pack
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(FormatError, match="Cannot read"):
        RunDirectory(tmp_path / "train").stored(sheet.place)


def test_a_plugin_directory_that_is_a_link_out_of_the_run_holds_nothing(tmp_path):
    captures.write_run(tmp_path, "real")
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake/plugins").symlink_to(tmp_path / "real/plugins")

    assert RunDirectory(tmp_path / "fake").steps() == ()
    with pytest.raises(NotCapturedError):
        RunDirectory(tmp_path / "fake").graph("a" * 64)


def test_a_run_that_is_itself_a_link_is_read_as_TensorBoard_does(tmp_path):
    captures.write_run(tmp_path / "elsewhere", "real")
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/run").symlink_to(tmp_path / "elsewhere/real")

    assert len(RunDirectory(tmp_path / "logs/run").steps()) == 3


def test_a_fifo_in_the_place_of_a_manifest_does_not_block(tmp_path):
    writer = Writer(tmp_path, run="train")
    key = StepKey(0, writer.session)
    os.mkfifo(writer.directory / names.manifest_name(key))

    with pytest.raises(FormatError, match="not an ordinary file"):
        RunDirectory(tmp_path / "train").capture(key)


def test_the_problems_of_all_sessions_are_reported_once_each(tmp_path):
    captures.write_run(tmp_path).write_status(["The disk is full.", "The disk is full."])
    captures.write_run(tmp_path).write_status(["Another."])
    unreadable = tmp_path / "train" / names.DIRECTORY / names.status_name(OLD)
    unreadable.write_text("{")

    problems = RunDirectory(tmp_path / "train").problems()

    assert sorted(problems) == sorted(
        [
            "Another.",
            "The disk is full.",
            f"The status file {unreadable.name!r} cannot be read.",
        ]
    )


def test_the_status_file_is_json_for_other_programs(tmp_path):
    writer = captures.write_run(tmp_path)
    writer.write_status(["A sentence."])

    status = json.loads((writer.directory / names.status_name(writer.session)).read_text())

    assert status["problems"] == ["A sentence."]
    assert status["session"] == writer.session


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_a_sealed_file_of_any_content_is_a_capture_or_a_sentence(content):
    try:
        capture_from_message(
            unseal(content + hashlib.sha256(content).digest(), pb.Manifest(), "x")
        )
    except FormatError as error:
        assert str(error)
