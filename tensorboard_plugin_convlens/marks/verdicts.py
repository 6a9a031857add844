"""The current marks of a run, and the verdicts among them, in one call."""

from __future__ import annotations

import logging
import os

from tensorboard_plugin_convlens.core.judgments.marks import Mark
from tensorboard_plugin_convlens.core.judgments.verdicts import Verdict
from tensorboard_plugin_convlens.marks.address import find_store
from tensorboard_plugin_convlens.marks.store import MarkStore

logger = logging.getLogger(__name__)


def marks_of(
    log_dir: str | os.PathLike[str], run: str, database: str = "", collection: str = ""
) -> tuple[Mark, ...]:
    """The current marks of the filters of a run.

    Args:
      log_dir, run: The run of the marks.
      database, collection: Where they are kept, as in `find_store`.

    Raises:
      StoreError: They cannot be read.
    """
    store = MarkStore(find_store(log_dir, database, collection))
    try:
        current = store.current(run)
    finally:
        store.close()
    for sentence in current.left_out:
        logger.warning(sentence)
    return tuple(event.mark for event in current.events)


def verdicts_of(
    log_dir: str | os.PathLike[str], run: str, database: str = "", collection: str = ""
) -> list[Verdict]:
    """The verdicts among `marks_of`; see there."""
    return [
        Verdict(one.key.run, one.key.path, one.key.call, one.key.channel, one.opinion.verdict)
        for one in marks_of(log_dir, run, database, collection)
    ]
