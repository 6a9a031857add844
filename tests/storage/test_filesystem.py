"""How files appear: whole or not at all, without a trace in the process."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path
from typing import BinaryIO

import pytest

from tensorboard_plugin_convlens.core.errors import FormatError, StorageError
from tensorboard_plugin_convlens.storage.filesystem import (
    atomic_file,
    read_beginning,
    read_file,
    size_of_file,
    write_file,
)


def failing(number: int, *paths: str):
    """An operating-system call that fails with an error number."""

    def call(*arguments: object, **named: object):
        raise OSError(number, os.strerror(number))

    return call


def test_a_file_has_the_permissions_that_the_process_mask_leaves(tmp_path: Path):
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "file", b"content")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_the_mask_of_the_process_is_never_touched_while_other_threads_make_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "umask", failing(errno.EPERM))
    thread = threading.Thread(target=write_file, args=(tmp_path / "file", b"content"))
    thread.start()
    thread.join()
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_file_that_replaces_another_takes_over_its_permissions(tmp_path: Path):
    (tmp_path / "file").touch(mode=0o600)
    write_file(tmp_path / "file", b"content")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EIO, errno.ESTALE])
@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_fault_is_a_sentence_even_where_nothing_can_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
):
    path = tmp_path / "file"
    path.write_bytes(b"before")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(number))
        patch.setattr(os, "unlink", failing(number))
        with pytest.raises(StorageError, match=os.strerror(number)):
            write_file(path, b"content")
    assert path.read_bytes() == b"before"


def test_a_block_that_raises_leaves_nothing_and_its_exception_passes(tmp_path: Path):
    def interrupted(file: BinaryIO) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), atomic_file(tmp_path / "file") as file:
        interrupted(file)
    assert os.listdir(tmp_path) == []


def test_the_unfinished_file_is_named_after_what_was_asked_for(tmp_path: Path):
    with atomic_file(tmp_path / "events", aside=tmp_path / "other") as file:
        file.write(b"content")
        (name,) = os.listdir(tmp_path)
    assert name.startswith(".other.")
    assert os.listdir(tmp_path) == ["events"]


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.EMFILE])
@pytest.mark.parametrize("call", ["open", "fstat"])
def test_unreadable_files_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
):
    write_file(tmp_path / "file", b"content")
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing(number))
        with pytest.raises(FormatError, match=os.strerror(number)):
            read_file(tmp_path / "file", limit=100)


def test_only_an_ordinary_file_is_one(tmp_path: Path):
    write_file(tmp_path / "file", b"content")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    os.mkfifo(tmp_path / "pipe")
    sizes = [size_of_file(tmp_path / name) for name in ("file", "link", "pipe", "no", "file/a")]
    assert sizes == [7, None, None, None, None]
    assert read_beginning(tmp_path / "file", 3) == b"con"
    with pytest.raises(FormatError, match="not an ordinary file"):
        read_beginning(tmp_path / "pipe", 3)
