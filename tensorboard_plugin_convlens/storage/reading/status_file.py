"""Reads the problems of a writer session from its status file."""

from __future__ import annotations

import os

import msgspec

from tensorboard_plugin_convlens.core.errors import ConvLensError
from tensorboard_plugin_convlens.storage.filesystem import read_file

_LARGEST = 2**20
_MOST_SENTENCES = 100
_LONGEST_SENTENCE = 2000


class _Status(msgspec.Struct):
    problems: list[str]


def read_problems(path: str) -> list[str]:
    """The problems that a session reports, as sentences; at most the first hundred.

    A file that cannot be read is a further problem, never an error: any program may write
    JSON into a log directory.
    """
    name = os.path.basename(path)
    try:
        found = msgspec.json.decode(read_file(path, limit=_LARGEST), type=_Status).problems
    except (ConvLensError, msgspec.MsgspecError, ValueError, RecursionError):
        return [f"The status file {name!r} cannot be read."]
    sentences = [_shortened(one) for one in found[:_MOST_SENTENCES]]
    if len(found) > _MOST_SENTENCES:
        sentences.append(
            f"{len(found) - _MOST_SENTENCES} more problems are in the status file {name!r}."
        )
    return sentences


def _shortened(sentence: str) -> str:
    if len(sentence) <= _LONGEST_SENTENCE:
        return sentence
    return sentence[:_LONGEST_SENTENCE] + "…"
