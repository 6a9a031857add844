"""Current marks of a store, and the store's place when they were read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tensorboard_plugin_convlens.core.judgments.marks import MarkEvent


@dataclass(frozen=True, slots=True)
class Events:
    """Rows found in the database, which are not trusted.

    Attributes:
      found: The events, ascending.
      left_out: A sentence for each of the first invalid events, and one for the rest.
    """

    found: tuple[MarkEvent, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """The latest state of a collection.

    Attributes:
      store: Random name of the database; changes if it is removed and made again.
      sequence: Sequence of the last event; 0 if there is none.
    """

    store: str = ""
    sequence: int = 0


class Current(NamedTuple):
    """The current events of a collection, its state, and which events are left out.

    Attributes:
      place: State of the collection after the events.
      events: Ascending.
      left_out: A sentence for each of the first invalid events in the database.
    """

    place: Place = Place()
    events: tuple[MarkEvent, ...] = ()
    left_out: tuple[str, ...] = ()
