"""The discovery event: there once, readable, whatever lies beside it."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorboard.backend.event_processing import plugin_event_multiplexer
from tensorboard.compat.proto import event_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.storage.writing.discovery import find_announcement
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests.small_disk import KINDS, small_disk
from tests.tensorboard_process import running_tensorboard


def is_shown(log_dir: Path) -> bool:
    """Whether TensorBoard's Python loader hands the run to the plugin."""
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(log_dir))
    multiplexer.Reload()
    return "train" in multiplexer.PluginRunToTagToContent("convlens")


def event_files(log_dir: Path) -> list[str]:
    return sorted(name for name in os.listdir(log_dir / "train") if "tfevents" in name)


def test_it_is_written_once(tmp_path: Path):
    for _ in range(3):
        Writer(tmp_path, run="train").open()
    assert len(event_files(tmp_path)) == 1
    assert is_shown(tmp_path)


@pytest.mark.parametrize("keep", [0, 1, 11, 40, -1])
def test_an_empty_or_cut_event_file_counts_for_nothing(tmp_path: Path, keep: int):
    Writer(tmp_path, run="train")
    (name,) = event_files(tmp_path)
    path = tmp_path / "train" / name
    path.rename(path.with_name("events.out.tfevents.0000000001.host.1.0.convlens"))
    path = path.with_name("events.out.tfevents.0000000001.host.1.0.convlens")
    path.write_bytes(path.read_bytes()[:keep])
    assert not is_shown(tmp_path)
    Writer(tmp_path, run="train")
    assert is_shown(tmp_path)


def test_a_flipped_bit_is_found(tmp_path: Path):
    Writer(tmp_path, run="train")
    path = tmp_path / "train" / event_files(tmp_path)[0]
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        flipped = bytearray(content)
        flipped[place] ^= 4
        path.write_bytes(bytes(flipped))
        assert find_announcement(tmp_path / "train") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(content=st.binary(max_size=80))
def test_any_bytes_are_read_or_left_alone(tmp_path: Path, content: bytes):
    (tmp_path / "events.out.tfevents.1.convlens").write_bytes(content)
    assert find_announcement(tmp_path) is None


def test_the_name_of_the_host_says_nothing(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "convlens-gpu1")
    other = EventFileWriter(str(tmp_path / "train"))
    other.add_event(event_pb2.Event(step=1))
    other.close()
    assert "convlens" in event_files(tmp_path)[0]
    Writer(tmp_path, run="train")
    assert is_shown(tmp_path)


def test_a_late_event_file_sorts_before_the_files_that_the_training_opened(tmp_path: Path):
    Writer(tmp_path, run="train", began=1_700_000_000)
    (name,) = event_files(tmp_path)
    assert re.match(r"events\.out\.tfevents\.1700000000\.", name)


def test_a_directory_that_was_removed_is_announced_again(tmp_path: Path):
    writer = Writer(tmp_path, run="train")
    (tmp_path / "train" / event_files(tmp_path)[0]).unlink()
    writer.open()
    assert is_shown(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_began_on_a_full_disk_is_shown_once_there_is_space(tmp_path: Path, kind):
    with small_disk(tmp_path / "disk", kind) as disk:
        Writer(disk.place, run="other")
        (disk.place / "train").mkdir()
        with disk.full(), pytest.raises(StorageError, match="Cannot"):
            Writer(disk.place, run="train")
        assert event_files(disk.place) == []
        Writer(disk.place, run="train")
        assert is_shown(disk.place)


@pytest.mark.parametrize("load_fast", [True, False])
def test_both_loaders_of_tensorboard_find_a_run_beside_a_damaged_event_file(
    tmp_path: Path, load_fast: bool
):
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "events.out.tfevents.0000000001.host.1.0.convlens").touch()
    Writer(tmp_path, run="train")
    with running_tensorboard(tmp_path, load_fast=load_fast) as tensorboard:
        assert b'"train"' in tensorboard.get("data/plugin/convlens/runs")[1]
