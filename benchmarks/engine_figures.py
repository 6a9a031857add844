"""What the measurements of the engine found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from benchmarks.peers import Comparison

Figures = dict[str, float]
"""What one measurement printed."""

FEW, MANY = 16, 128
"""Filters of one layer."""


class Few(NamedTuple):
    """What a measurement of some filters is of."""

    network: str
    layer: str
    target: str
    precision: str


@dataclass
class Measured:
    """Everything that was measured.

    Attributes:
      machine: Speeds and memory without the engine.
      few: `FEW` filters of a layer.
      many: Peak memory at `MANY` filters of a layer.
      all: (network, precision) → all filters of one image, target max.
      maps: Network → all feature maps and statistics of one image.
      build: A network of 120 convolutions.
      compared: Other libraries.
    """

    machine: Figures = field(default_factory=dict)
    few: dict[Few, Figures] = field(default_factory=dict)
    many: dict[Few, Figures] = field(default_factory=dict)
    all: dict[tuple[str, str], Figures] = field(default_factory=dict)
    maps: dict[str, Figures] = field(default_factory=dict)
    build: Figures = field(default_factory=dict)
    compared: list[Comparison] = field(default_factory=list)
