"""Writes the status file of a session: its problems, for the tab to show."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable

# Quoted, where a path may hold blanks; or up to a character that ends a path in a sentence.
_QUOTED = re.compile(r"""(['"])(?:[A-Za-z]:\\+|\\\\|/)[^'"\n]*\1""")
_BARE = re.compile(r"""(?<![\w:/.~\\])(?:[A-Za-z]:\\|/)[^\s'",;:()]*[\\/][^\s'",;:()]*""")


def encode(session: str, problems: Iterable[str]) -> bytes:
    """The content of a status file.

    Viewers of a log directory need not know the machine that wrote it, so only the last
    component of absolute paths is kept.

    Args:
      session: The writer session.
      problems: Sentences.
    """
    status = {
        "session": session,
        "wallTime": time.time(),
        "problems": [without_directories(problem) for problem in problems],
    }
    return json.dumps(status, indent=1).encode()


def without_directories(sentence: str) -> str:
    """A sentence with only the last component of its absolute paths."""

    def shorten(match: re.Match[str]) -> str:
        quote = match[1] if match.re is _QUOTED else ""
        last = re.split(r"[\\/]+", match[0].strip("'\"").rstrip("\\/"))[-1]
        return f"{quote}{last or '/'}{quote}"

    return _BARE.sub(shorten, _QUOTED.sub(shorten, sentence))
