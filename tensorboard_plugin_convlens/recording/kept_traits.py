"""Which files of traits stay: those that a later capture is likely to need.

A file is as large as the kernels in a checkpoint. See docs/decisions/0047.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable

from tensorboard_plugin_convlens.core.errors import ConvLensError
from tensorboard_plugin_convlens.core.records import StepKey
from tensorboard_plugin_convlens.storage.filesystem import list_directory
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.reading.superseded import current_steps
from tensorboard_plugin_convlens.storage.writing.writer import Writer

logger = logging.getLogger(__name__)
# Kept for each model graph and set of input images: the newest steps, and the last written.
_NEWEST = 2
_MOST_FILES = 8


def remove_old_traits(writer: Writer, step: int) -> None:
    """Removes the traits of steps that a later capture is not likely to be compared with.

    For each model graph and set of input images, it keeps those of the two newest steps (the
    newest may be captured again, for example by a training that continues from it) and of the
    two that were written last; for the run, at most eight files, of the sessions that began
    last. Logs files that it cannot remove.

    Args:
      writer: The writer of the run.
      step: The step that was just written; its traits stay.
    """
    own = StepKey(step, writer.session)
    try:
        for key in _old_traits(writer, own):
            os.unlink(writer.directory / names.traits_name(key))
    except FileNotFoundError:
        pass  # Another writer was faster; the next capture goes on.
    except (ConvLensError, OSError) as error:
        logger.warning("ConvLens did not remove the traits of earlier steps: %s", error)


def _old_traits(writer: Writer, own: StepKey) -> list[StepKey]:
    """The steps with unneeded traits.

    Raises:
      StorageError: The directory cannot be read.
    """
    found = list_directory(writer.directory)
    steps = {key for name in found if (key := names.parse_manifest_name(name))}
    # A step without a manifest may be one that another writer is about to commit.
    traits = {key for name in found if (key := names.parse_traits_name(name))} & steps
    if len(traits) <= _NEWEST:
        return []
    run = RunDirectory(writer.run_directory)
    alike: dict[tuple[str, str, str], set[StepKey]] = {}
    for key in traits:
        try:
            head = run.head(key)
        except ConvLensError as error:
            logger.warning("ConvLens keeps the traits of step %d: %s", key.step, error)
            continue
        alike.setdefault((head.graph, head.inputs, head.arrays), set()).add(key)
    needed = _needed(alike.values(), set(current_steps(list(steps)))) | {own}
    kept = {*sorted(needed, key=_written)[-_MOST_FILES:], own}
    return sorted({key for keys in alike.values() for key in keys} - kept)


def _needed(groups: Iterable[set[StepKey]], counting: set[StepKey]) -> set[StepKey]:
    needed: set[StepKey] = set()
    for keys in groups:
        shown = keys & counting
        needed.update(sorted(shown)[-_NEWEST:], sorted(shown, key=_written)[-_NEWEST:])
    return needed


def _written(key: StepKey) -> tuple[str, int]:
    """Orders steps by the time of writing, according to their names."""
    return names.session_start(key.session), key.step
