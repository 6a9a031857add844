"""Flags: what is conspicuous about a filter, with the numbers that it rests on.

A flag describes a filter at the captured inputs. A filter that is silent at all of a handful of
images may respond to others: a flag says "silent on all N inputs", and never that a filter is
dead.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.filters.change import silence
from tensorboard_plugin_convlens.core.filters.stages import statistics_at
from tensorboard_plugin_convlens.core.records import FloatArray, Statistic

Kind = Literal["silent", "near_silent", "saturated", "duplicate", "not_finite"]
KINDS: tuple[Kind, ...] = ("silent", "near_silent", "saturated", "duplicate", "not_finite")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds of flags; each a share or a similarity from 0 to 1.

    Attributes:
      near_silent: Zeros (APoZ), averaged over the captured inputs, from which a filter that
        is not silent is near-silent.
      saturated: Share of units at the end of the range of a bounded activation function
        (ReLU6 at 6, sigmoid at 0 or 1, tanh at -1 or 1) from which a filter is saturated.
      profile: Correlation of response profiles from which two filters may be duplicates.
      kernel: Cosine of their kernels that duplicates need as well.
    """

    near_silent: float = 0.99
    saturated: float = 0.9
    profile: float = 0.99
    kernel: float = 0.99


DEFAULTS = Thresholds()


@dataclass(frozen=True, slots=True)
class Flag:
    """One conspicuous thing about a filter.

    Attributes:
      channel: The filter.
      kind: Kind of the flag.
      evidence: Name → number that the flag rests on, such as `{"inputs": 6, "apoz": 1}`.
      other: For a duplicate, the filter that it duplicates; else None.
    """

    channel: int
    kind: Kind
    evidence: dict[str, float]
    other: int | None = None


def find_flags(
    statistics: Sequence[Statistic], thresholds: Thresholds = DEFAULTS
) -> tuple[Flag, ...]:
    """The flags of a layer at a step, by channel, then in the order of `KINDS`.

    They use feature maps after the activation function, if one follows and these were captured;
    `not_finite` also uses those before it.

    A flag whose statistics were not captured, or are undefined, is not raised.
    """
    numbers = _Numbers(statistics)
    found = [
        Flag(
            int(channel),
            kind,
            _evidence(kind, numbers, channel),
            _other(kind, numbers, channel),
        )
        for kind, mask in _masks(numbers, thresholds).items()
        for channel in np.flatnonzero(mask).tolist()
    ]
    return tuple(sorted(found, key=lambda flag: (flag.channel, KINDS.index(flag.kind))))


def count_flags(
    statistics: Sequence[Statistic], thresholds: Thresholds = DEFAULTS
) -> dict[Kind, int]:
    """How many filters have each kind of flag; as many as `find_flags` finds."""
    return {kind: count or 0 for kind, count in known_counts(statistics, thresholds).items()}


def known_counts(
    statistics: Sequence[Statistic], thresholds: Thresholds
) -> dict[Kind, int | None]:
    """Counts as `count_flags` does; None for a kind that is unknown for this layer."""
    masks = _masks(_Numbers(statistics), thresholds)
    return {
        kind: int(np.count_nonzero(masks[kind])) if kind in masks else None for kind in KINDS
    }


class _Numbers:
    """The statistics of a layer, by name."""

    def __init__(self, statistics: Sequence[Statistic]) -> None:
        chosen = statistics_at(statistics)
        self.silent = silence(chosen)
        self._statistics = statistics
        self._values: dict[str, list[FloatArray]] = {}
        self._means: dict[str, NDArray[np.float64]] = {}
        self._broken: dict[str, NDArray[np.int64]] = {}
        for one in chosen:
            self._values.setdefault(one.name, []).append(one.values)

    def has(self, *names: str) -> bool:
        return all(name in self._values for name in names)

    def all_of(self, names: Collection[str]) -> list[FloatArray]:
        """Every one of these names, of every input image and stage."""
        return [one.values for one in self._statistics if one.name in names]

    def inputs(self, name: str) -> int:
        """The number of input images that have a statistic."""
        return len(self._values.get(name, ()))

    def first(self, name: str) -> FloatArray:
        """The statistic of the first input image, or of all of them."""
        return self._values[name][0]

    def mean(self, name: str) -> NDArray[np.float64]:
        """The mean over the input images; NaN where one of them is."""
        if name not in self._means:
            self._means[name] = np.mean(self._values[name], axis=0, dtype=np.float64)
        return self._means[name]

    def broken(self, name: str) -> NDArray[np.int64]:
        """The number of input images at which the statistic is not finite."""
        if name not in self._broken:
            # Before or after the activation function, which makes 0 of minus infinity.
            of_input: dict[int | None, NDArray[np.bool_]] = {}
            for one in self._statistics:
                if one.name == name:
                    infinite = ~np.isfinite(one.values)
                    of_input[one.input] = infinite | of_input.get(one.input, False)
            self._broken[name] = np.sum(list(of_input.values()), axis=0)
        return self._broken[name]


def _masks(numbers: _Numbers, thresholds: Thresholds) -> dict[Kind, NDArray[np.bool_]]:
    """Which filters have each kind of flag; unknown kinds are left out."""
    masks: dict[Kind, NDArray[np.bool_]] = {}
    if numbers.silent is not None:
        masks["silent"] = numbers.silent
        if numbers.has("apoz"):
            masks["near_silent"] = ~numbers.silent & _reaches(
                numbers.mean("apoz"), thresholds.near_silent
            )
    if numbers.has("saturation"):
        masks["saturated"] = _reaches(numbers.mean("saturation"), thresholds.saturated)
    if numbers.has("redundancy", "redundant_with", "kernel_cosine"):
        other = numbers.first("redundant_with")
        masks["duplicate"] = np.asarray(
            _reaches(numbers.first("redundancy"), thresholds.profile)
            & _reaches(numbers.first("kernel_cosine"), thresholds.kernel)
            & (other >= 0)
            & (other < len(other))
        )
    if finite := numbers.all_of(_FINITE):
        masks["not_finite"] = np.asarray(~np.isfinite(finite).all(axis=0))
    return masks


# Numbers that are finite wherever maps and weights are.
_FINITE = ("mean", "max", "std", "l1")


def _reaches(values: NDArray[np.floating], threshold: float) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(values) & (values >= threshold))


def _evidence(kind: Kind, numbers: _Numbers, channel: int) -> dict[str, float]:
    """The evidence of a flag."""
    if kind == "silent":
        return {"inputs": numbers.inputs("max") or numbers.inputs("apoz")}
    if kind == "duplicate":
        return {
            "profile": float(numbers.first("redundancy")[channel]),
            "kernel": float(numbers.first("kernel_cosine")[channel]),
        }
    if kind == "not_finite":
        counts = {name: numbers.broken(name)[channel] for name in _FINITE if numbers.has(name)}
        return {name: float(count) for name, count in counts.items() if count}
    name = "apoz" if kind == "near_silent" else "saturation"
    return {"inputs": numbers.inputs(name), name: float(numbers.mean(name)[channel])}


def _other(kind: Kind, numbers: _Numbers, channel: int) -> int | None:
    """The filter that a duplicate duplicates."""
    return int(numbers.first("redundant_with")[channel]) if kind == "duplicate" else None
