"""Flags: what is conspicuous about a filter, with the numbers that it rests on.

A flag is of the captured inputs. A filter that is silent at all of a handful of images may
respond to others: a flag says "silent on all N inputs", and never that a filter is dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.change import silence
from tensorboard_plugin_convlens.core.records import FloatArray, Statistic
from tensorboard_plugin_convlens.core.stages import statistics_at

Kind = Literal["silent", "near_silent", "saturated", "duplicate", "not_finite"]
KINDS: tuple[Kind, ...] = ("silent", "near_silent", "saturated", "duplicate", "not_finite")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where flags begin; each a share, or a similarity, from 0 to 1.

    Attributes:
      near_silent: Zeros (APoZ), averaged over the captured inputs, from which a filter that
        is not silent is near-silent.
      saturated: Share of units at the end of the range of a bounded activation function
        (ReLU6 at 6, sigmoid at 0 or 1, tanh at -1 or 1) from which a filter is saturated.
      profile: Correlation of activation profiles from which two filters may be duplicates,
      kernel: and cosine of their kernels that it takes as well.
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
      kind: What.
      evidence: Name → number that the flag rests on, such as `{"inputs": 6, "apoz": 1}`.
      other: Of a duplicate: which filter it is a duplicate of; else None.
    """

    channel: int
    kind: Kind
    evidence: dict[str, float]
    other: int | None = None


def find_flags(
    statistics: Sequence[Statistic], thresholds: Thresholds = DEFAULTS
) -> tuple[Flag, ...]:
    """The flags of a layer at a step, by channel, then in the order of `KINDS`.

    They rest on feature maps after the activation function, where one follows and these were
    captured; `not_finite` on those before it, too.

    A flag whose statistics were not captured, or are undefined, is not raised.
    """
    of_input: dict[str, list[FloatArray]] = {}
    for one in statistics_at(statistics):
        of_input.setdefault(one.name, []).append(one.values)
    found = [
        *_silent(statistics, of_input),
        *_near_silent(statistics, of_input, thresholds),
        *_saturated(of_input, thresholds),
        *_duplicates(of_input, thresholds),
        *_not_finite(statistics),
    ]
    return tuple(sorted(found, key=lambda flag: (flag.channel, KINDS.index(flag.kind))))


def count_flags(flags: Iterable[Flag]) -> dict[Kind, int]:
    """How many filters have each kind of flag."""
    counts: dict[Kind, int] = dict.fromkeys(KINDS, 0)
    for flag in flags:
        counts[flag.kind] += 1
    return counts


def _silent(
    statistics: Sequence[Statistic], of_input: dict[str, list[FloatArray]]
) -> Iterable[Flag]:
    silent = silence(statistics)
    inputs = len(of_input.get("max", of_input.get("apoz", ())))
    for channel in () if silent is None else np.flatnonzero(silent):
        yield Flag(int(channel), "silent", {"inputs": inputs})


def _near_silent(
    statistics: Sequence[Statistic],
    of_input: dict[str, list[FloatArray]],
    thresholds: Thresholds,
) -> Iterable[Flag]:
    silent = silence(statistics)
    if silent is None or "apoz" not in of_input:
        return
    zeros = np.stack(of_input["apoz"]).mean(axis=0, dtype=np.float64)
    for channel in np.flatnonzero((zeros >= thresholds.near_silent) & ~silent):
        evidence = {"inputs": len(of_input["apoz"]), "apoz": float(zeros[channel])}
        yield Flag(int(channel), "near_silent", evidence)


def _saturated(of_input: dict[str, list[FloatArray]], thresholds: Thresholds) -> Iterable[Flag]:
    if "saturation" not in of_input:
        return
    share = np.stack(of_input["saturation"]).mean(axis=0, dtype=np.float64)
    for channel in np.flatnonzero(share >= thresholds.saturated):
        evidence = {
            "inputs": len(of_input["saturation"]),
            "saturation": float(share[channel]),
        }
        yield Flag(int(channel), "saturated", evidence)


def _duplicates(
    of_input: dict[str, list[FloatArray]], thresholds: Thresholds
) -> Iterable[Flag]:
    if not {"redundancy", "redundant_with", "kernel_cosine"} <= of_input.keys():
        return
    (profile, *_), (kernel, *_) = of_input["redundancy"], of_input["kernel_cosine"]
    (other, *_) = of_input["redundant_with"]
    alike = (profile >= thresholds.profile) & (kernel >= thresholds.kernel)
    for channel in np.flatnonzero(alike & np.isfinite(other)):
        evidence = {"profile": float(profile[channel]), "kernel": float(kernel[channel])}
        yield Flag(int(channel), "duplicate", evidence, int(other[channel]))


def _not_finite(statistics: Sequence[Statistic]) -> Iterable[Flag]:
    """By numbers that are finite wherever maps and weights are."""
    found: dict[str, dict[int, NDArray[np.bool_]]] = {}
    for one in statistics:
        if one.name in ("mean", "max", "std", "l1"):
            of_input = found.setdefault(one.name, {})
            infinite = ~np.isfinite(one.values)
            # Before or after the activation function, which makes 0 of minus infinity.
            of_input[one.input] = infinite | of_input.get(one.input, False)
    names: list[str] = [name for name in ("mean", "max", "std", "l1") if name in found]
    if not names:
        return
    # Per name and channel, at how many input images it is not finite.
    broken = np.stack([np.sum(list(found[name].values()), axis=0) for name in names])
    for channel in np.flatnonzero(broken.any(axis=0)):
        counts = zip(names, broken[:, channel], strict=True)
        evidence = {name: float(count) for name, count in counts if count}
        yield Flag(int(channel), "not_finite", evidence)
