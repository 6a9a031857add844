"""Current marks of a store, and the store's place when they were read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tensorboard_plugin_convlens.core.judgments.marks import MarkEvent


@dataclass(frozen=True, slots=True)
class Events:
    """What was found in the database, whose rows nobody vouches for.

    Attributes:
      found: The events, ascending.
      left_out: A sentence for each of the first events that cannot be, and for the rest.
    """

    found: tuple[MarkEvent, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a collection stands.

    Attributes:
      store: Names the database; another one where it was removed and made anew.
      sequence: Of the last event; 0 where there is none.
    """

    store: str = ""
    sequence: int = 0


class Current(NamedTuple):
    """What is current: where the collection stands, the events, and what is left out of them.

    Attributes:
      place: Up to where the events go.
      events: Ascending.
      left_out: A sentence for each of the first events in the database that cannot be.
    """

    place: Place = Place()
    events: tuple[MarkEvent, ...] = ()
    left_out: tuple[str, ...] = ()
