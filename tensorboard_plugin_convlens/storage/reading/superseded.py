"""Finds which steps of several sessions count, and which sessions others hide."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from tensorboard_plugin_convlens.core.records import StepKey
from tensorboard_plugin_convlens.storage.format import names

_TOLD_AT_MOST = 3


def current_steps(keys: Sequence[StepKey]) -> tuple[StepKey, ...]:
    """The steps that count, ascending.

    If several sessions wrote a step, the latest counts. A training session that began at
    step `s` abandons the steps `>= s` of earlier training sessions, as TensorBoard's own
    loader does.
    """
    begins = _begins(keys)

    def abandoned(key: StepKey) -> bool:
        return names.is_training(key.session) and any(
            begin <= key.step
            for session, begin in begins.items()
            if names.session_start(session) > names.session_start(key.session)
        )

    latest: dict[int, StepKey] = {}
    for key in sorted(keys, key=lambda key: names.session_start(key.session)):
        if not abandoned(key):
            latest[key.step] = key
    return tuple(latest[step] for step in sorted(latest))


def hidden_trainings(
    keys: Sequence[StepKey], began_after: Callable[[StepKey], str]
) -> tuple[str, ...]:
    """Trainings of which no step counts, and that may be later than those that hide them.

    A session of an earlier release has the time of its machine's clock, which may have been
    behind. All others take a later name than every session in the directory, and record the
    latest of those: they rightly hide the sessions that they knew.

    Args:
      keys: Every step in the directory.
      began_after: Returns, from the manifest of a step, the latest session when its own
        began, or "".

    Returns:
      Sessions, by their start.
    """
    begins = _begins(keys)
    hidden = begins.keys() - {key.session for key in current_steps(keys)}

    def is_known(one: str) -> bool:
        """Whether a training that abandons all of `one` knew of it."""
        return any(
            names.session_start(began_after(StepKey(begin, session)))
            >= names.session_start(one)
            for session, begin in begins.items()
            if names.session_start(session) > names.session_start(one) and begin <= begins[one]
        )

    return tuple(one for one in sorted(hidden, key=names.session_start) if not is_known(one))


def describe_hidden(hidden: Sequence[str]) -> str:
    """A sentence about `hidden_trainings`, of which there is at least one."""
    began = ", ".join(map(began_at, hidden[:_TOLD_AT_MOST]))
    more = f" and {len(hidden) - _TOLD_AT_MOST} more" if len(hidden) > _TOLD_AT_MOST else ""
    return (
        f"No capture of the training that began {began}{more} (UTC, by its machine's clock) is "
        "shown, because a training that began later captured or abandoned the same steps. If "
        "that order is wrong, a clock was wrong: run convlens doctor for advice."
    )


def began_at(session: str) -> str:
    """When a session began, according to its name: date and time, UTC."""
    seconds = names.session_milliseconds(session) / 1000
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def _begins(keys: Sequence[StepKey]) -> dict[str, int]:
    """The first step of each training."""
    begins: dict[str, int] = {}
    for key in keys:
        if names.is_training(key.session):
            begins[key.session] = min(key.step, begins.get(key.session, key.step))
    return begins
