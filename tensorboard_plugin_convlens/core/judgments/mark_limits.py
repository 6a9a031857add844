"""Limits of marks: lengths of texts and ranges of numbers."""

from __future__ import annotations

import math
import re

from tensorboard_plugin_convlens.core.errors import MarkError

MOST_STARS = 5
LONGEST_NOTE = 4000
LONGEST_TAG = 50
MOST_TAGS = 20
LONGEST_AUTHOR = 100
LONGEST_NAME = 4096
MOST_CHANGES = 10_000
LARGEST_NUMBER = 2**31 - 1
LARGEST_STEP = 10**15 - 1
LARGEST_SEQUENCE = 2**63 - 1

# The last second that a browser can show.
_LATEST = 8_640_000_000_000
_NOT_IN_TEXTS = re.compile(r"[\x00\ud800-\udfff]")


def check_author(author: str) -> None:
    """Raises `MarkError` if the text is not the name of an author; it may be empty."""
    check_text(author, "The name of an author", LONGEST_AUTHOR, empty=True)


def check_text(text: str, what: str, longest: int, *, empty: bool = False) -> None:
    """Raises `MarkError` if the text is too long, empty, or cannot be stored everywhere."""
    if not isinstance(text, str) or (not text and not empty) or len(text) > longest:
        length = len(text) if isinstance(text, str) else repr(text)[:80]
        raise MarkError(
            f"{what} must be {0 if empty else 1} to {longest} characters; got {length}."
        )
    # PostgreSQL keeps neither, and half of a character is no text.
    if _NOT_IN_TEXTS.search(text):
        raise MarkError(f"{what} holds a NUL or half of a surrogate pair.")


def check_number(number: int, what: str, largest: int) -> None:
    """Raises `MarkError` unless this is a whole number from 0 to `largest`."""
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= largest:
        raise MarkError(
            f"{what} must be a whole number from 0 to {largest}; got {str(number)[:80]}."
        )


def check_wall_time(seconds: float) -> float:
    """The number of seconds; raises `MarkError` if it is not valid."""
    number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not number or not (math.isfinite(seconds) and 0 <= seconds <= _LATEST):
        raise MarkError(
            f"A wall time is a number of seconds from 0 to {_LATEST}; got "
            f"{str(seconds)[:80]!r}."
        )
    return seconds
