"""Converts ablations to the JSON contract of `wire/`."""

from __future__ import annotations

import math
from collections.abc import Iterable

from tensorboard_plugin_convlens.core.judgments.ablation import Ablation, Choice
from tensorboard_plugin_convlens.server import wire


def ablation_to_wire(record: Ablation) -> wire.Ablation:
    """Converts a test of verdicts."""
    return {
        "wallTime": record.wall_time,
        "graph": record.graph,
        "step": record.step,
        "model": record.model,
        "samples": record.samples,
        "seed": record.seed,
        "metrics": list(record.metrics),
        "baseline": _values(record.baseline),
        "choices": [_choice(one) for one in record.choices],
        "layers": [
            {"layer": one.layer, "filters": [_values(values) for values in one.values]}
            for one in record.layers
        ],
    }


def _choice(record: Choice) -> wire.AblationChoice:
    return {
        "name": record.name,
        "fill": record.fill,
        "filters": [
            {"layer": layer, "channels": list(channels)}
            for layer, channels in record.filters.items()
        ],
        "trials": [_values(one) for one in record.trials],
    }


def _values(values: Iterable[float]) -> list[float | None]:
    return [value if math.isfinite(value) else None for value in values]
