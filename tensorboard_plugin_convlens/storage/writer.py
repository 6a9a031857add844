"""Writes captures into a run's directory.

Order of writing is the promise: the discovery event first, before training opens its own
event file; then graph and inputs; the packs of a step; its manifest last. A process that
dies in between leaves files that no manifest names, never half a capture.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.event_file_writer import EventFileWriter
from tensorboard.util import tensor_util

from tensorboard_plugin_convlens.core.ablation import Ablation
from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputImages,
    ModelGraph,
    Sheet,
    StepKey,
)
from tensorboard_plugin_convlens.storage import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage import names
from tensorboard_plugin_convlens.storage.ablation_message import ablation_to_message
from tensorboard_plugin_convlens.storage.capture_message import capture_to_message
from tensorboard_plugin_convlens.storage.filesystem import (
    atomic_file,
    local_path,
    make_directory,
    write_file,
)
from tensorboard_plugin_convlens.storage.graph_message import graph_to_message
from tensorboard_plugin_convlens.storage.inputs_message import inputs_to_message
from tensorboard_plugin_convlens.storage.sealed import seal, serialize
from tensorboard_plugin_convlens.storage.sheet_writer import PackWriter


class Writer:
    """One writer session of one run."""

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        *,
        run: str = ".",
        kind: Literal["training", "capture"] = "capture",
        session: str | None = None,
    ) -> None:
        """Opens the run: makes its directory and announces it to TensorBoard.

        Args:
          log_dir: What TensorBoard gets as `--logdir`.
          run: Name of the run: a directory below `log_dir`, or `"."` for itself.
          kind: A training session that begins at a step abandons the later steps of
            earlier training sessions; a capture session stands beside them.
          session: One that another process began: several may write a session, each its
            own steps.

        Raises:
          StorageError: The directory cannot be created or written to, or the run's name
            leads out of the log directory.
        """
        self.run_directory = _run_directory(local_path(log_dir), run)
        self.directory = self.run_directory / names.DIRECTORY
        self.session = session or names.new_session(kind)
        make_directory(self.directory)
        _announce(self.run_directory)

    def write_graph(self, graph: ModelGraph) -> None:
        """Writes a model graph, unless it is there."""
        path = self.directory / names.graph_name(graph.fingerprint)
        if not path.exists():
            write_file(path, seal(graph_to_message(graph)))

    def write_inputs(self, images: InputImages) -> None:
        """Writes a set of input images, unless it is there."""
        path = self.directory / names.inputs_name(images.fingerprint)
        if not path.exists():
            write_file(path, seal(inputs_to_message(images)))

    @contextmanager
    def pack(self, step: int, input_index: int) -> Iterator[PackWriter]:
        """A new pack, which appears complete when the block ends without an exception.

        Args:
          step: The step it belongs to.
          input_index: The input image, or -1 for the pack of the kernels.
        """
        name = names.pack_name(StepKey(_checked(step), self.session), input_index)
        with atomic_file(self.directory / name) as file:
            yield PackWriter(file, name)

    def commit(self, capture: Capture) -> None:
        """Writes the manifest: from now on the step exists."""
        key = StepKey(_checked(capture.step), self.session)
        content = seal(capture_to_message(capture))
        write_file(self.directory / names.manifest_name(key), content)

    def write_ablation(self, ablation: Ablation) -> None:
        """Writes a test of verdicts beside the captures."""
        write_file(
            self.directory / names.new_ablation_name(), seal(ablation_to_message(ablation))
        )

    def holds(self, sheet: Sheet) -> bool:
        """Whether the pack of a sheet of an earlier step still lies in the run's directory."""
        try:
            size = (self.directory / sheet.pack).stat().st_size
        except OSError:
            return False
        return size >= sheet.offset + sheet.length

    def write_status(self, problems: list[str]) -> None:
        """Writes the problems of this session, as sentences, for the tab to show."""
        status = {"session": self.session, "wallTime": time.time(), "problems": problems}
        content = json.dumps(status, indent=1).encode()
        write_file(self.directory / names.status_name(self.session), content)


def _run_directory(log_dir: Path, run: str) -> Path:
    """The run's directory, which must lie in the log directory."""
    directory = Path(os.path.normpath(log_dir / run))
    if directory != log_dir and log_dir not in directory.parents:
        raise StorageError(
            f"The run {run!r} leads out of the log directory {str(log_dir)!r}. "
            'Give a name such as "train", or "." for the log directory itself.'
        )
    return directory


def _checked(step: int) -> int:
    """The step, if it can be stored."""
    if not 0 <= step <= names.LARGEST_STEP:
        raise StorageError(f"A step must lie between 0 and {names.LARGEST_STEP}; got {step}.")
    return step


def _announce(run_directory: Path) -> None:
    """Writes and closes the discovery event, once per run.

    TensorBoard takes a directory for a run only if it holds an event file. The file is
    closed before training opens its own: a second live event file in a run would stop
    Keras' scalars on TensorBoard's Python loader.
    """
    if any("convlens" in path.name for path in run_directory.glob("*tfevents*")):
        return
    data = pb.PluginData(
        format_version=names.FORMAT_VERSION,
        directory=pb.Directory(path=Path(names.DIRECTORY).as_posix()),
    )
    event = event_pb2.Event(wall_time=time.time(), step=0)
    event.summary.value.add(
        tag=names.INDEX_TAG,
        tensor=tensor_util.make_tensor_proto(Path(names.DIRECTORY).as_posix()),
        metadata=summary_pb2.SummaryMetadata(
            display_name="ConvLens",
            summary_description="Tells TensorBoard that this run holds ConvLens captures.",
            plugin_data=summary_pb2.SummaryMetadata.PluginData(
                plugin_name=names.PLUGIN_NAME, content=serialize(data)
            ),
            data_class=summary_pb2.DATA_CLASS_TENSOR,
        ),
    )
    try:
        writer = EventFileWriter(str(run_directory), filename_suffix=".convlens")
        writer.add_event(event)
        writer.close()
    except OSError as error:
        raise StorageError(
            f"Cannot write an event file into {str(run_directory)!r}: "
            f"{error.strerror or error}. Check the space and the permissions."
        ) from error
