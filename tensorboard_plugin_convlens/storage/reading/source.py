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

    Every method raises `NotCapturedError` for what is not there, `FormatError` for what is
    damaged and `TooLargeError` for what is larger than ConvLens writes it.
    """

    def version(self) -> Hashable | None:
        """Changes whenever an answer may have changed; None where that is not known."""

    def steps(self) -> tuple[StepKey, ...]:
        """The steps that count, ascending."""

    def step_version(self, key: StepKey) -> int:
        """Another one whenever the step was replaced."""

    def outline(self, key: StepKey) -> Capture:
        """What a list tells of a step: time, session and fingerprints. All else is empty."""

    def head(self, key: StepKey) -> Capture:
        """Everything recorded at a step, but for its layers."""

    def layers(
        self, key: StepKey, layers: Container[int] | None = None
    ) -> Iterable[LayerCapture]:
        """Layers of a step, one after the other, for all together may be large.

        Args:
          key: Which step.
          layers: Indices in the model graph of those to read; all by default.
        """

    def numbers(self, key: StepKey, layers: Container[int] | None) -> Capture:
        """What is needed of a step for a table over many: its statistics, no sheets.

        Args:
          key: Which step.
          layers: Indices in the model graph of those to read, the others cost nearly nothing;
            None for all.

        Returns:
          The outline of the step and, of `layers`, the statistics and since when they are
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
