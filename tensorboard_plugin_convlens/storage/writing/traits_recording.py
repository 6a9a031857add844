"""The traits of one capture while it is written; a fault in it does not fail the capture."""

from __future__ import annotations

import logging
from contextlib import ExitStack, suppress

from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.core.records import LayerTraits, Skipped
from tensorboard_plugin_convlens.storage.writing.traits_writer import TraitsWriter
from tensorboard_plugin_convlens.storage.writing.writer import Writer

logger = logging.getLogger(__name__)
TRAITS = "the traits with which the next session measures how far filters changed"
"""The traits of a step, for `Skipped`."""


class TraitsRecording:
    """The file of traits of a step."""

    def __init__(self, writer: Writer, step: int) -> None:
        self._writer = writer
        self._step = step
        self._file = ExitStack()
        self._traits: TraitsWriter | None = None
        self.skipped: tuple[Skipped, ...] = ()
        """Why they could not be written, if so."""

    def add(self, traits: LayerTraits) -> None:
        """Writes the traits of a layer, unless those of another one failed."""
        if self.skipped:
            return
        try:
            if self._traits is None:
                self._traits = self._file.enter_context(self._writer.traits(self._step))
            self._traits.add(traits)
        except (StorageError, OSError) as error:
            self._give_up(error)

    def close(self) -> None:
        """Gives the file its name."""
        try:
            self._file.close()
        except StorageError as error:
            self._leave_out(error)

    def abandon(self) -> None:
        """Removes the unfinished file, because the capture is abandoned."""
        with suppress(Exception), self._file:
            raise _AbandonedError

    def _give_up(self, error: Exception) -> None:
        """Removes the unfinished file, and keeps the reason."""
        try:
            with self._file:
                raise error
        except (StorageError, OSError) as fault:  # The file may have made a sentence of it.
            self._leave_out(fault)

    def _leave_out(self, error: Exception) -> None:
        # Without the path in `error`: directories of this machine are private.
        cause = error if isinstance(error, OSError) else error.__cause__
        why = f": {cause.strerror}" if isinstance(cause, OSError) and cause.strerror else ""
        logger.warning("ConvLens left out %s: %s", TRAITS, error)
        self.skipped = (Skipped(TRAITS, f"it could not be written{why}"),)


class _AbandonedError(Exception):
    """Passes through the open file, so that it removes itself."""
