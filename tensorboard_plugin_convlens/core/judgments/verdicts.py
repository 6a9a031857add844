"""Verdicts about filters, and which filters can be removed because of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.records import ModelGraph

USELESS = "useless"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict of a person about a filter.

    Attributes:
      run: Name of the run; None if the file does not name it.
      path, call: See `records.Layer`.
      channel: From 0.
      verdict: `"useful"`, `"useless"`, `"unsure"`, or None.
    """

    run: str | None
    path: str
    call: int
    channel: int
    verdict: str | None

    @property
    def key(self) -> str:
        """The key of the layer; see `records.Layer.key`."""
        return self.path if self.call == 0 else f"{self.path}#{self.call}"


def useless_filters(verdicts: Iterable[Verdict], run: str | None) -> dict[str, tuple[int, ...]]:
    """The filters that are marked useless: key of a layer → channels, ascending.

    Args:
      verdicts: The verdicts of one run or of several.
      run: The run whose verdicts count; None for all, which must then be of one run.

    Raises:
      InputError: There are verdicts of several runs and none was named.
    """
    wanted = [one for one in verdicts if run is None or one.run in (None, run)]
    runs = sorted({one.run for one in wanted if one.run is not None})
    if len(runs) > 1:
        raise InputError(
            f"There are verdicts of several runs: {', '.join(runs)[:400]}. Name one with --run."
        )
    found: dict[str, set[int]] = {}
    for one in wanted:
        if one.verdict == USELESS:
            found.setdefault(one.key, set()).add(one.channel)
    return {key: tuple(sorted(channels)) for key, channels in found.items()}


def removable(
    graph: ModelGraph, useless: Mapping[str, tuple[int, ...]]
) -> list[tuple[str, int]]:
    """(path, channel) of the filters that are marked useless in every call of their layer.

    Raises:
      InputError: A layer is not in the model, or a filter of a layer that is called several
        times is marked useless in some of its calls only.
    """
    calls: dict[str, list[str]] = {}
    for layer in graph.layers:
        calls.setdefault(layer.path, []).append(layer.key)
    path_of = {key: path for path, keys in calls.items() for key in keys}
    found: set[tuple[str, int]] = set()
    for key, channels in useless.items():
        if key not in path_of:
            raise InputError(
                f"The model {graph.name!r} has no layer {key[:200]!r}; the verdicts name it."
            )
        for channel in channels:
            missing = [
                one for one in calls[path_of[key]] if channel not in useless.get(one, ())
            ]
            if missing:
                raise InputError(
                    f"Filter {channel} of {key} is marked useless, but not in {missing[0]}, "
                    "which has the same weights: it can only be removed from both."
                )
            found.add((path_of[key], channel))
    return sorted(found)
