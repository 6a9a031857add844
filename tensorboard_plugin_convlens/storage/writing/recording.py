"""One capture while it is being written: takes pieces, then writes the manifest.

Pieces are plain values, so that they can wait in a queue between the thread that computes
and the thread that writes. The result is a future: the capture, once its step exists.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field

from tensorboard_plugin_convlens.core.records import (
    ActivationStage,
    Capture,
    FloatArray,
    Gradients,
    Guidance,
    LayerCapture,
    LayerTraits,
    Sheet,
    Statistic,
)
from tensorboard_plugin_convlens.storage.writing.sheet_writer import (
    GradientKey,
    GradientSheets,
    PackWriter,
)
from tensorboard_plugin_convlens.storage.writing.traits_recording import TraitsRecording
from tensorboard_plugin_convlens.storage.writing.writer import Writer


@dataclass(frozen=True, slots=True)
class Maps:
    """Feature maps of a layer, `float32 [channel, height, width]`, at an input image.

    `stage` tells whether they are from before or after the activation function.
    """

    layer: int
    input: int
    values: FloatArray
    stage: ActivationStage


@dataclass(frozen=True, slots=True)
class GradientBlock:
    """Some gradients of a layer; `block` is None when all have come."""

    layer: int
    key: GradientKey
    block: Gradients | None


@dataclass(frozen=True, slots=True)
class Kernels:
    """The kernels of a layer, `float32 [channel, plane, height, width]`."""

    layer: int
    values: FloatArray


@dataclass(frozen=True, slots=True)
class Numbers:
    """The statistics of a layer at an input image, and what was guided."""

    layer: int
    statistics: tuple[Statistic, ...]
    guidance: Guidance | None


@dataclass(frozen=True, slots=True)
class Origin:
    """Since when a layer is unchanged, and its sheets in packs of earlier steps.

    The hashes and steps are those of `LayerCapture`; a kernel's sheet needs only the weights
    to be unchanged, all others the lineage.
    """

    layer: int
    weights: str
    lineage: str
    weights_unchanged_since: int | None = None
    unchanged_since: int | None = None
    sheets: tuple[Sheet, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """The capture is complete; `capture` has everything except its layers."""

    capture: Capture


Piece = Maps | GradientBlock | Kernels | Numbers | Origin | LayerTraits | End


def size_of(piece: Piece) -> int:
    """Bytes of the arrays that a piece keeps in memory; traits are kept there in any case."""
    match piece:
        case Maps(values=values) | Kernels(values=values):
            return values.nbytes
        case GradientBlock(block=Gradients(values=values)):
            return values.nbytes
        case _:
            return 0


@dataclass
class Recording:
    """Writes the pieces of one capture; takes them from one thread at a time.

    Attributes:
      writer: The run's writer.
      step: The step that is captured.
      after_commit: Called once the step exists; never raises.
      done: The capture, once its step exists; the fault, if a piece could not be written;
        cancelled, if the capture could not be computed. It waits as long as the disk takes; if
        another thread writes, use `Lane.wait` to wait for a bounded time.
    """

    writer: Writer
    step: int
    after_commit: Callable[[], None] | None = None
    done: Future[Capture] = field(default_factory=Future)
    _layers: dict[int, LayerCapture] = field(default_factory=dict)
    _packs: dict[int | None, PackWriter] = field(default_factory=dict)
    _open: dict[GradientKey, GradientSheets] = field(default_factory=dict)
    _files: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        """Begins; creates no file before the first piece."""
        self._traits = TraitsRecording(self.writer, self.step)

    def accept(self, piece: Piece) -> None:
        """Writes a piece.

        Raises:
          StorageError: It cannot be written. Call `fail` then.
        """
        match piece:
            case Maps(layer, index, values, stage):
                sheet = self._pack(index).add_maps(values, input_index=index, stage=stage)
                self._add(layer, sheet)
            case GradientBlock(layer, key, block):
                self._add_block(layer, key, block)
            case Kernels(layer, values):
                self._add(layer, self._pack(None).add_kernels(values))
            case Numbers(layer, statistics, guidance):
                self._add_numbers(layer, statistics, guidance)
            case Origin():
                self._add_origin(piece)
            case LayerTraits():
                self._traits.add(piece)
            case End(capture):
                self._commit(capture)

    def fail(self, fault: BaseException) -> None:
        """Gives up because a piece could not be written; `done` raises the fault."""
        fail(self.done, fault)
        self.abandon()

    def abandon(self) -> None:
        """Removes unfinished files as far as possible; the step does not exist.

        After the end it does nothing.
        """
        self.done.cancel()
        # Whoever gives up has a reason of his own: that this failed, too, is no news.
        with suppress(Exception), self._files:
            raise _AbandonedError
        self._traits.abandon()

    def _add_block(self, layer: int, key: GradientKey, block: Gradients | None) -> None:
        if key not in self._open:
            self._open[key] = self._pack(key.input).begin_gradients(key)
        if block is None:
            self._add(layer, *self._open.pop(key).finish())
        else:
            self._open[key].add(block)

    def _add_numbers(
        self, layer: int, statistics: tuple[Statistic, ...], guidance: Guidance | None
    ) -> None:
        before = self._layer(layer)
        known = {one.name for one in before.statistics if one.input is None}
        new = [one for one in statistics if one.input is not None or one.name not in known]
        self._layers[layer] = dataclasses.replace(
            before,
            statistics=(*before.statistics, *new),
            guidance=guidance or before.guidance,
        )

    def _add_origin(self, origin: Origin) -> None:
        self._add(origin.layer, *origin.sheets)
        self._layers[origin.layer] = dataclasses.replace(
            self._layer(origin.layer),
            weights=origin.weights,
            lineage=origin.lineage,
            weights_unchanged_since=origin.weights_unchanged_since,
            unchanged_since=origin.unchanged_since,
        )

    def _add(self, layer: int, *sheets: Sheet) -> None:
        before = self._layer(layer)
        self._layers[layer] = dataclasses.replace(before, sheets=(*before.sheets, *sheets))

    def _layer(self, layer: int) -> LayerCapture:
        return self._layers.get(layer, LayerCapture(layer, ()))

    def _pack(self, index: int | None) -> PackWriter:
        if index not in self._packs:
            self._packs[index] = self._files.enter_context(self.writer.pack(self.step, index))
        return self._packs[index]

    def _commit(self, capture: Capture) -> None:
        if not self.done.set_running_or_notify_cancel():
            return
        self._files.close()
        self._traits.close()
        layers = tuple(self._layers[layer] for layer in sorted(self._layers))
        skipped = (*capture.skipped, *self._traits.skipped)
        complete = dataclasses.replace(capture, layers=layers, skipped=skipped)
        self.writer.commit(complete)
        self.done.set_result(complete)
        if self.after_commit is not None:
            self.after_commit()


class _AbandonedError(Exception):
    """Passes through the open files, so that they remove themselves."""


def fail(done: Future[Capture], fault: BaseException) -> None:
    """Wakes the waiters for a recording with a fault, unless it has already ended."""
    with suppress(InvalidStateError):
        done.set_exception(fault)


def has_failed(done: Future[Capture]) -> bool:
    """Whether a recording has ended without a step."""
    return done.cancelled() or (done.done() and done.exception() is not None)
