"""The interface through which the server reads a run, wherever its captures are."""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable
from typing import Protocol

from tensorboard_plugin_convlens.core.judgments.ablation import Ablation
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputsOutline,
    LayerCapture,
    ModelGraph,
    Sheet,
    SheetPlace,
    StepKey,
)
from tensorboard_plugin_convlens.storage.reading.stored_sheet import StoredSheet


class Source(Protocol):
    """The captures of one run: a plugin directory or summaries in event files.

    Every method raises `NotCapturedError` if a part does not exist, `FormatError` if it is
    damaged, and `TooLargeError` if it is larger than ConvLens ever writes.
    """

    def version(self) -> Hashable | None:
        """Changes whenever an answer may have changed; None if that is unknown."""

    def steps(self) -> tuple[StepKey, ...]:
        """The steps that count, ascending."""

    def step_version(self, key: StepKey) -> int:
        """A version that changes whenever the step is replaced."""

    def outline(self, key: StepKey) -> Capture:
        """A step in a list: time, session and fingerprints. Everything else is empty."""

    def head(self, key: StepKey) -> Capture:
        """Everything recorded at a step, except its layers."""

    def layers(
        self, key: StepKey, layers: Container[int] | None = None
    ) -> Iterable[LayerCapture]:
        """Layers of a step, one after the other, because all together may be large.

        Args:
          key: Which step.
          layers: Indices in the model graph of those to read; all by default.
        """

    def numbers(self, key: StepKey, layers: Container[int] | None) -> Capture:
        """The parts of a step for a table over many steps: its statistics, no sheets.

        Args:
          key: Which step.
          layers: Indices in the model graph of the layers to read; others cost nearly
            nothing; None for all.

        Returns:
          The outline of the step and, for `layers`, the statistics and since when they are
          unchanged.
        """

    def graph(self, fingerprint: str) -> ModelGraph:
        """A model graph."""

    def inputs_outline(self, fingerprint: str) -> InputsOutline:
        """A set of input images, without their pixels."""

    def picture(self, fingerprint: str, index: int, source: int) -> bytes:
        """An input picture as PNG: of an input image, for one input tensor of the model."""

    def ablations(self) -> tuple[Ablation, ...]:
        """Tests of verdicts, the latest first."""

    def stored(self, place: SheetPlace) -> StoredSheet:
        """The stored bytes of a sheet, a gzip member whose checksum was compared."""

    def tile(self, sheet: Sheet, channel: int) -> bytes:
        """The levels of one channel: `uint8 [planes, height, width]`."""

    def problems(self) -> tuple[str, ...]:
        """What went wrong while writing, as sentences."""
