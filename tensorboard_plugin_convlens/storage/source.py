"""What the server needs of a run, wherever its captures lie."""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol

from tensorboard_plugin_convlens.core.ablation import Ablation
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputImages,
    ModelGraph,
    Sheet,
    StepKey,
)


class Source(Protocol):
    """The captures of one run: a plugin directory or summaries in event files.

    Every method raises `NotCapturedError` for what is not there and `FormatError` for what
    is damaged.
    """

    def steps(self) -> tuple[StepKey, ...]:
        """The steps that count, ascending."""

    def capture(self, key: StepKey) -> Capture:
        """Everything recorded at a step, but for the pixels."""

    def numbers(self, key: StepKey, layers: Container[int]) -> Capture:
        """What is needed of a step for a table over many: its statistics, no sheets.

        Args:
          key: Which step.
          layers: Indices in the model graph of those to read; the others cost nearly nothing.

        Returns:
          The capture with step, time, fingerprints and, of `layers`, the statistics and since
          when they are unchanged. All else is empty.
        """

    def graph(self, fingerprint: str) -> ModelGraph:
        """A model graph."""

    def inputs(self, fingerprint: str) -> InputImages:
        """A set of input images."""

    def ablations(self) -> tuple[Ablation, ...]:
        """Tests of verdicts, the latest first."""

    def stored(self, sheet: Sheet) -> bytes:
        """The stored bytes of a sheet: a gzip member."""

    def tile(self, sheet: Sheet, channel: int) -> bytes:
        """The levels of one channel: `uint8 [planes, height, width]`."""

    def problems(self) -> tuple[str, ...]:
        """What went wrong while writing, as sentences."""
