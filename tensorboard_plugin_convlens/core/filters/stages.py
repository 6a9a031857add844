"""Chooses between statistics before and after the activation function."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from tensorboard_plugin_convlens.core.records import Statistic

StatisticStage = Literal["own", "before", "after"]


def statistics_at(
    statistics: Iterable[Statistic], stage: StatisticStage = "after"
) -> tuple[Statistic, ...]:
    """One statistic per name and input image.

    Where the activation function is a layer of its own, `mean`, `max`, `std` and `taylor` are
    captured twice: of the layer's own output, and of what the activation function makes of it.

    Args:
      statistics: The statistics of a layer at a step.
      stage: `"after"` or `"before"` the activation function, or `"own"`: of the layer's own
        output. Where a statistic was not captured there, the one that was.

    Returns:
      In the order in which their names were captured.
    """
    chosen: dict[tuple[str, int | None], Statistic] = {}
    for one in statistics:
        known = chosen.get((one.name, one.input))
        if known is None or _rank(one, stage) > _rank(known, stage):
            chosen[one.name, one.input] = one
    return tuple(chosen.values())


def _rank(statistic: Statistic, stage: StatisticStage) -> bool:
    # Both are there only where the layer's own output is before its activation function.
    return statistic.stage == ("before" if stage == "own" else stage)
