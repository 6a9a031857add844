"""Writes the discovery event, which makes TensorBoard list a run with captures.

TensorBoard treats a directory as a run only if it contains an event file, and asks the plugin
about it only if an event names the plugin. The event has a separate file, which is complete
when it appears.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util

from tensorboard_plugin_convlens.core.errors import FormatError, NotCapturedError
from tensorboard_plugin_convlens.storage.filesystem import (
    atomic_file,
    list_directory,
    read_beginning,
)
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.sealed import serialize

_LENGTH = struct.Struct("<QI")
_CHECKSUM = struct.Struct("<I")
# The event stands in the first records of its file, in less than 1 KB.
_BEGINNING = 16_384


def announce(run_directory: Path, *, began: float) -> Path:
    """Writes the discovery event, unless the run has a readable one.

    The file is closed before training opens its own: a second live event file in a run would
    stop Keras' scalars on TensorBoard's Python loader. That loader reads the files of a run in
    the order of their names and never goes back. So the name contains the start of the session
    and sorts before files that a training opened since, even if this one is written late.

    Args:
      run_directory: An existing directory that contains the plugin directory.
      began: When the writer session began, in seconds since 1970.

    Returns:
      The file that holds the event.

    Raises:
      StorageError: The run's directory cannot be read or written to.
    """
    found = find_announcement(run_directory)
    if found is not None:
        return found
    writer = f"{socket.gethostname()}.{os.getpid()}.0.convlens"
    path = run_directory / f"events.out.tfevents.{int(began):010d}.{writer}"
    # TensorBoard would take an unfinished file for an event file if it were named after one.
    with atomic_file(path, aside=run_directory / names.DIRECTORY / "discovery") as file:
        records = RecordWriter(file)
        header = event_pb2.Event(wall_time=time.time(), file_version="brain.Event:2")
        for event in (header, _event()):
            records.write(event.SerializeToString())
    return path


def find_announcement(run_directory: Path) -> Path | None:
    """The event file with the discovery event of a run, if there is one that can be read.

    File names are no proof: a host may have any name, and a file may be empty or damaged.

    Raises:
      StorageError: The directory cannot be read.
    """
    for name in sorted(list_directory(run_directory)):
        path = run_directory / name
        if "tfevents" in name and _is_announcement(path):
            return path
    return None


def _is_announcement(path: Path) -> bool:
    try:
        content = read_beginning(path, _BEGINNING)
    except (FormatError, NotCapturedError):
        return False
    return any(
        value.tag == names.INDEX_TAG
        and value.metadata.plugin_data.plugin_name == names.PLUGIN_NAME
        for record in _records(content)
        for value in _parsed(record).summary.value
    )


def _records(content: bytes) -> Iterator[bytes]:
    """The undamaged TFRecords with which a file begins.

    Each is its length as uint64, a checksum of that, its bytes, a checksum of them.
    https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
    """
    start = 0
    while start + _LENGTH.size <= len(content):
        length, checksum = _LENGTH.unpack_from(content, start)
        begin = start + _LENGTH.size
        record = content[begin : begin + length]
        start = begin + length + _CHECKSUM.size
        if masked_crc32c(content[begin - _LENGTH.size : begin - _CHECKSUM.size]) != checksum:
            return
        if start > len(content):
            return
        if _CHECKSUM.unpack_from(content, start - _CHECKSUM.size)[0] != masked_crc32c(record):
            return
        yield record


def _parsed(record: bytes) -> event_pb2.Event:
    event = event_pb2.Event()
    try:
        event.ParseFromString(record)
    except DecodeError:
        return event_pb2.Event()
    return event


def _event() -> event_pb2.Event:
    """An event of step 0 with the tag `convlens/index`."""
    path = Path(names.DIRECTORY).as_posix()
    data = pb.PluginData(format_version=names.FORMAT_VERSION, directory=pb.Directory(path=path))
    event = event_pb2.Event(wall_time=time.time(), step=0)
    event.summary.value.add(
        tag=names.INDEX_TAG,
        tensor=tensor_util.make_tensor_proto(path),
        metadata=summary_pb2.SummaryMetadata(
            display_name="ConvLens",
            summary_description="Tells TensorBoard that this run holds ConvLens captures.",
            plugin_data=summary_pb2.SummaryMetadata.PluginData(
                plugin_name=names.PLUGIN_NAME, content=serialize(data)
            ),
            data_class=summary_pb2.DATA_CLASS_TENSOR,
        ),
    )
    return event
