"""Reads the ablations of a run from their files."""

from __future__ import annotations

import os
from collections.abc import Iterable

from tensorboard_plugin_convlens.core.errors import ConvLensError, NotCapturedError
from tensorboard_plugin_convlens.core.judgments.ablation import Ablation
from tensorboard_plugin_convlens.core.kept import Kept
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.ablation_message import ablation_from_message
from tensorboard_plugin_convlens.storage.format.sealed import unseal
from tensorboard_plugin_convlens.storage.ordinary_file import Identity, ordinary_file

# Every filter of ResNet152 alone takes 1.4 MB, and ten times as much in memory.
_LARGEST = 2 * 2**20
_MOST_BYTES = 2 * 2**20
_MOST_FILES = 200
_GROWTH = 12
_Read = tuple[Ablation | None, str]
_KEPT: Kept[Identity, _Read] = Kept(16 * 2**20)


def read_ablations(
    place: str, found: Iterable[str]
) -> tuple[tuple[Ablation, ...], tuple[str, ...]]:
    """Tests of verdicts, the latest first, and sentences about those that are left out.

    Args:
      place: The plugin directory, with a separator at its end.
      found: The names of the files in it.
    """
    tests: list[Ablation] = []
    problems: list[str] = []
    left = _MOST_BYTES
    every = sorted(filter(names.is_ablation_name, found), reverse=True)
    for count, name in enumerate(every):
        try:
            (test, problem), size = _read(place + name, left)
        except NotCapturedError:
            continue  # Removed since the directory was read.
        except ConvLensError as error:
            test, problem, size = None, str(error), 0
        left -= size
        if left < 0 or count >= _MOST_FILES:
            problems.append(
                f"{len(every) - count} older ablations are left out: together they are "
                "too large to show."
            )
            break
        if test is not None:
            tests.append(test)
        else:
            problems.append(f"An ablation is left out: {problem}")
    return tuple(tests), tuple(problems)


def _read(path: str, left: int) -> tuple[_Read, int]:
    """A test or its problem, and its size; a file larger than `left` is not read."""
    name = os.path.basename(path)
    with ordinary_file(path) as file:
        size = file.size
        if size > _LARGEST:
            return (None, f"The file {name!r} has {size:,} bytes, more than {_LARGEST:,}."), 0
        if size > left:
            return (None, ""), size
        found = _KEPT.find(file.identity)
        if found is None:
            try:
                message = unseal(file.read(0, size), pb.Ablation(), f"ablation {name!r}")
                found = ablation_from_message(message), ""
            except ConvLensError as error:
                found = None, str(error)
            _KEPT.keep(file.identity, found, _GROWTH * size)
    return found, size
