"""What the engine should reach, beside what it was measured to reach."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.engine_figures import Measured
from benchmarks.networks import NETWORKS
from benchmarks.results import table


class Goal(NamedTuple):
    """One figure; `least` where it should not be smaller, else it should not be larger."""

    what: str
    bound: float
    found: float
    form: str
    least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the figure is on the right side of its bound; NaN is not."""
        return self.found >= self.bound if self.least else self.found <= self.bound

    def row(self) -> list[str]:
        """The row of the table."""
        sign = "≥" if self.least else "≤"
        bound = f"{sign} {self.bound:{self.form}}"
        return [
            self.what,
            bound,
            f"{self.found:{self.form}}",
            "reached" if self.is_met else "missed",
        ]


def report(found: Measured) -> str:
    """The table, and how many were missed."""
    goals = list(find_goals(found))
    missed = sum(not one.is_met for one in goals)
    head = ["goal, VGG16 at 224 px unless said", "bound", "measured", ""]
    verdict = "All are reached." if not missed else f"{missed} of {len(goals)} are missed."
    return f"### Goals\n\n{table(head, [one.row() for one in goals])}\n\n{verdict}"


def find_goals(found: Measured) -> Iterator[Goal]:
    """Every goal with its figure."""
    chosen = "bfloat16" if found.machine["chosen"] else "float32"
    everything = found.all["vgg16", chosen]
    share = everything["windows"] / everything["speed"] / everything["seconds"]
    single = {
        one.layer: figures["seconds"]
        for one, figures in found.few.items()
        if (one.network, one.target, one.precision) == ("vgg16", "sum", "float32")
    }
    for layer, bound in (("block3_conv3", 0.18), ("block5_conv3", 0.29)):
        yield Goal(f"s per filter of {layer}, sum, float32", bound, single[layer], ".3f")
    yield Goal(
        f"s, all live filters of one image, max, {chosen}", 80, everything["seconds"], ".1f"
    )
    yield Goal(f"share of the bound there, {chosen}", 0.8, share, ".0%", least=True)
    yield Goal(
        "s, all feature maps and statistics of one image",
        0.35,
        found.maps["vgg16"]["seconds"],
        ".2f",
    )
    peaks = [one["peak"] for (network, _), one in found.all.items() if network == "vgg16"]
    yield Goal("peak MB of the process, all filters, max", 1500, max(peaks), ".0f")
    peaks = [one["peak"] for one in found.many.values()]
    yield Goal("peak MB of the process, many filters of block5_conv3", 1500, max(peaks), ".0f")
    yield Goal("s to build DenseNet121, 120 layers", 30, found.build["first"], ".1f")
    for network, known in NETWORKS.items():
        ratios = [
            one.seconds / one.ours
            for one in found.compared
            if one.network == network and not math.isnan(one.seconds)
        ]
        what = f"times as long as ConvLens: the fastest other library, {known.application}"
        yield Goal(what, 1, min(ratios, default=math.nan), ".1f", least=True)
