"""Criteria and flags of the filters of a layer, in the JSON contract of `wire/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tensorboard_plugin_convlens.core.filters.agreement import rank_correlations, spread
from tensorboard_plugin_convlens.core.filters.criteria import values_of_layer
from tensorboard_plugin_convlens.core.filters.flags import (
    DEFAULTS,
    Flag,
    Kind,
    Thresholds,
    count_flags,
    find_flags,
)
from tensorboard_plugin_convlens.core.records import FloatArray, LayerCapture, Statistic
from tensorboard_plugin_convlens.server import wire
from tensorboard_plugin_convlens.server.numbers import number


def agreement(
    run: str, step: int, record: LayerCapture, *, ablation: FloatArray | None, seed: int
) -> wire.Agreement:
    """How far the criteria of a layer agree, and the spread of each.

    Args:
      run, step: Where it was captured.
      record: The layer.
      ablation: The loss without each of its filters, if that was measured.
      seed: Seed of the random order.
    """
    values = values_of_layer(record.statistics, seed)
    if ablation is not None and all(len(one) == len(ablation) for one in values.values()):
        values["ablation"] = ablation
    matrix = rank_correlations(list(values.values()))
    return {
        "run": run,
        "step": step,
        "layer": record.layer,
        "criteria": list(values),
        "correlations": [[number(one) for one in row] for row in matrix.tolist()],
        "spreads": [_spread(*found) for found in values.items()],
        "values": [[number(one) for one in each.tolist()] for each in values.values()],
    }


def flags(run: str, step: int, record: LayerCapture, thresholds: Thresholds) -> wire.Flags:
    """The flags of a layer's filters, with their evidence."""
    counts = count_flags(record.statistics, thresholds)
    return {
        "run": run,
        "step": step,
        "layer": record.layer,
        "thresholds": thresholds_to_wire(thresholds),
        "flags": [_flag(one) for one in find_flags(record.statistics, thresholds)],
        "counts": flag_counts_to_wire(counts),
    }


def thresholds_to_wire(thresholds: Thresholds) -> wire.Thresholds:
    """The thresholds of flags."""
    return {
        "nearSilent": thresholds.near_silent,
        "saturated": thresholds.saturated,
        "profile": thresholds.profile,
        "kernel": thresholds.kernel,
    }


def usual_flags(statistics: Sequence[Statistic]) -> list[wire.Flag]:
    """The flags of a layer's filters at the default thresholds."""
    return [_flag(one) for one in find_flags(statistics)]


def flag_counts(
    statistics: Sequence[Statistic], thresholds: Thresholds = DEFAULTS
) -> wire.FlagCounts | None:
    """How many filters have each flag; None without statistics."""
    return flag_counts_to_wire(count_flags(statistics, thresholds)) if statistics else None


_KINDS: dict[Kind, wire.FlagKind] = {
    "silent": "silent",
    "near_silent": "nearSilent",
    "saturated": "saturated",
    "duplicate": "duplicate",
    "not_finite": "notFinite",
}


def flag_counts_to_wire(counts: Mapping[Kind, int]) -> wire.FlagCounts:
    """How many filters have each flag."""
    return {
        "silent": counts["silent"],
        "nearSilent": counts["near_silent"],
        "saturated": counts["saturated"],
        "duplicate": counts["duplicate"],
        "notFinite": counts["not_finite"],
    }


def _flag(flag: Flag) -> wire.Flag:
    return {
        "channel": flag.channel,
        "kind": _KINDS[flag.kind],
        "other": flag.other,
        "evidence": flag.evidence,
    }


def _spread(name: str, values: FloatArray) -> wire.Spread:
    found = spread(values)
    return {
        "criterion": name,
        "defined": found.defined,
        "quartiles": [number(one) for one in found.quartiles],
        "variation": number(found.variation),
        "smallest": number(found.smallest),
    }
