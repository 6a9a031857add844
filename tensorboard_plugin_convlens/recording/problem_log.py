"""Logs what goes wrong in a training, and keeps it for the tab; never raises."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

from tensorboard_plugin_convlens.core.errors import ConvLensError

logger = logging.getLogger("tensorboard_plugin_convlens.recording.callback")
# Kinds of problems of one training; more of them are not helpful.
_MOST = 100


class ProblemLog:
    """The problems of one training, each kind once.

    Sentences that differ only in numbers are of one kind: ConvLens logs a full disk once, at
    the first step. No method raises anything, whatever logging handlers, formatters, the disk
    or the texts of exceptions do.
    """

    def __init__(self, write: Callable[[list[str]], None]) -> None:
        """Begins without problems.

        Args:
          write: Gets all sentences whenever there is a new one.
        """
        self._write = write
        self._sentences: list[str] = []
        self._kinds: set[str] = set()

    @property
    def sentences(self) -> list[str]:
        """All sentences so far."""
        return list(self._sentences)

    def note(self, error: BaseException, *, is_last: bool = False) -> None:
        """Logs and keeps a fault; `is_last` if ConvLens stops capturing after it."""
        what = _describe(error)
        sentence = f"ConvLens did not capture: {what}"
        if is_last:
            sentence = (
                f"ConvLens stops capturing, because it failed several times in a row: {what}"
            )
        self.tell(sentence, None if isinstance(error, ConvLensError) else error)

    def tell(self, sentence: str, error: BaseException | None = None) -> None:
        """Logs and keeps a sentence, with the traceback of an error that has none."""
        kind = re.sub(r"\d+", "0", sentence)
        if kind in self._kinds or len(self._kinds) >= _MOST:
            return
        self._kinds.add(kind)
        self._sentences.append(sentence)
        self.warn(f"{sentence} Training goes on.", error)
        self.write()

    def warn(self, sentence: str, error: BaseException | None = None) -> None:
        """Logs a sentence that is kept elsewhere."""
        try:
            logger.warning("%s", sentence, exc_info=error)
        except Exception:
            return  # A handler of the user's raised; the status file still has the sentence.

    def write(self) -> None:
        """Writes all sentences again: an earlier call may have met a full disk."""
        if self._sentences:
            try:
                self._write(list(self._sentences))
            except Exception as failure:
                self.debug(failure)

    def debug(self, failure: Exception) -> None:
        """Logs why the status file could not be written; the log already has its sentences."""
        try:
            logger.debug("ConvLens could not write its status: %s", _describe(failure))
        except Exception:
            return


def _describe(error: BaseException) -> str:
    """The text of an exception, whatever its `__str__` or `__repr__` does."""
    try:
        return str(error) if isinstance(error, ConvLensError) else repr(error)
    except Exception:
        return f"{type(error).__name__}, whose text cannot be read"
