"""Writes captures into a run's directory.

The order of writing is guaranteed: the discovery event first, before training opens its own
event file; then graph and inputs; then the packs of a step; its manifest last. A process that
dies in between leaves files that no manifest names, never half a capture.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Literal

from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.core.judgments.ablation import Ablation
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputImages,
    ModelGraph,
    Sheet,
    StepKey,
)
from tensorboard_plugin_convlens.storage.filesystem import (
    atomic_file,
    local_path,
    make_directory,
    size_of_file,
    write_file,
)
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.ablation_message import ablation_to_message
from tensorboard_plugin_convlens.storage.format.capture_message import capture_to_message
from tensorboard_plugin_convlens.storage.format.graph_message import graph_to_message
from tensorboard_plugin_convlens.storage.format.inputs_message import inputs_to_message
from tensorboard_plugin_convlens.storage.format.sealed import seal
from tensorboard_plugin_convlens.storage.writing import status
from tensorboard_plugin_convlens.storage.writing.discovery import announce
from tensorboard_plugin_convlens.storage.writing.litter import clean_up
from tensorboard_plugin_convlens.storage.writing.session_file import SessionFile, begin_session
from tensorboard_plugin_convlens.storage.writing.sheet_writer import PackWriter
from tensorboard_plugin_convlens.storage.writing.traits_writer import TraitsWriter


class Writer:
    """One writer session of one run."""

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        *,
        run: str = ".",
        kind: Literal["training", "capture"] = "capture",
        session: str | None = None,
        began: float | None = None,
    ) -> None:
        """Opens the run: makes its directory and announces it to TensorBoard.

        Args:
          log_dir: What TensorBoard gets as `--logdir`.
          run: Name of the run: a directory below `log_dir`, or `"."` for itself.
          kind: A training session that begins at a step abandons the later steps of
            earlier training sessions; a capture session abandons none.
          session: A session that another process began: several may write one session, each
            its own steps.
          began: When the session began, in seconds since 1970; now by default.

        Raises:
          StorageError: The directory cannot be created or written to, or the run's name
            leads out of the log directory.
        """
        self.run_directory = _run_directory(local_path(log_dir), run)
        self.directory = self.run_directory / names.DIRECTORY
        self._began = time.time() if began is None else began
        self._announcement: Path | None = None
        self.open()
        if session is None:
            session, self._after, self._session_file = begin_session(self.directory, kind)
            clean_up(self.directory, self._session_file.path)
        else:
            self._after, self._session_file = "", SessionFile(self.directory, session)
        self.session = session

    def open(self) -> None:
        """Makes the run's directory and its discovery event, unless they exist.

        Raises:
          StorageError: The directory cannot be created or written to.
        """
        make_directory(self.directory)
        if self._announcement is None or size_of_file(self._announcement) is None:
            self._announcement = announce(self.run_directory, began=self._began)

    def detach(self) -> Callable[[], None]:
        """From now on, only the returned function ends the session; see `SessionFile`."""
        return self._session_file.detach()

    def write_graph(self, graph: ModelGraph) -> None:
        """Writes a model graph, unless it exists."""
        path = self.directory / names.graph_name(graph.fingerprint)
        if size_of_file(path) is None:
            write_file(path, seal(graph_to_message(graph)))

    def write_inputs(self, images: InputImages) -> None:
        """Writes a set of input images, unless it exists."""
        path = self.directory / names.inputs_name(images.fingerprint)
        if size_of_file(path) is None:
            write_file(path, seal(inputs_to_message(images)))

    @contextmanager
    def pack(self, step: int, input_index: int | None) -> Iterator[PackWriter]:
        """A new pack, which appears complete when the block ends without an exception.

        Args:
          step: The step it belongs to.
          input_index: The input image; None for the pack of the kernels.
        """
        name = names.pack_name(StepKey(_checked(step), self.session), input_index)
        with atomic_file(self.directory / name) as file:
            yield PackWriter(file, name)

    @contextmanager
    def traits(self, step: int) -> Iterator[TraitsWriter]:
        """A new file of traits; as `pack`."""
        key = StepKey(_checked(step), self.session)
        with atomic_file(self.directory / names.traits_name(key)) as file:
            traits = TraitsWriter(file, key)
            yield traits
            traits.finish()

    def commit(self, capture: Capture) -> None:
        """Writes the manifest: from now on the step exists."""
        key = StepKey(_checked(capture.step), self.session)
        content = seal(capture_to_message(replace(capture, after=self._after)))
        write_file(self.directory / names.manifest_name(key), content)

    def write_ablation(self, ablation: Ablation) -> None:
        """Writes a test of verdicts beside the captures."""
        write_file(
            self.directory / names.new_ablation_name(), seal(ablation_to_message(ablation))
        )

    def holds(self, sheet: Sheet) -> bool:
        """Whether the pack of a sheet of an earlier step is still in the run's directory.

        Raises:
          StorageError: The directory cannot be read.
        """
        size = size_of_file(self.directory / sheet.pack)
        return size is not None and size >= sheet.offset + sheet.length

    def write_status(self, problems: list[str]) -> None:
        """Writes the problems of this session, as sentences, for the tab to show."""
        content = status.encode(self.session, problems)
        write_file(self.directory / names.status_name(self.session), content)


def _run_directory(log_dir: Path, run: str) -> Path:
    """The run's directory, which must be inside the log directory."""
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
