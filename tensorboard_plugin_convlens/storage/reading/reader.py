"""Reads captures back as NumPy arrays, for scripts and notebooks."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal

import numpy as np

from tensorboard_plugin_convlens.core.errors import FormatError, InputError, NotCapturedError
from tensorboard_plugin_convlens.core.filters.stages import statistics_at
from tensorboard_plugin_convlens.core.judgments.ablation import Ablation
from tensorboard_plugin_convlens.core.pictures.quantize import dequantize
from tensorboard_plugin_convlens.core.records import (
    Capture,
    FloatArray,
    InputImages,
    ModelGraph,
    Placement,
    Sheet,
)
from tensorboard_plugin_convlens.storage.format.pack import decode_sheet
from tensorboard_plugin_convlens.storage.reading.log_directory import LogDirectory


class Reader:
    """The captures of a log directory.

    Values are stored in 8 bits: they differ from the captured ones by at most half a
    step, `scale / 254` (signed sheets) or `scale / 508` (unsigned), `scale` being the
    largest magnitude of the filter's picture. NaN and infinite values are returned as NaN.

    Example:
      >>> reader = Reader("logs")                                     # doctest: +SKIP
      >>> reader.runs()                                               # doctest: +SKIP
      ('train',)
      >>> maps = reader.feature_maps("train", 5, "conv2")             # doctest: +SKIP
      >>> maps.shape                                # channel, height, width; doctest: +SKIP
      (32, 28, 28)
    """

    def __init__(self, log_dir: str | os.PathLike[str]) -> None:
        """Opens what TensorBoard gets as `--logdir`; nothing is read yet.

        Raises:
          StorageError: It is a URL.
        """
        self._logs = LogDirectory(log_dir)

    def runs(self) -> tuple[str, ...]:
        """Names of the runs that hold captures, sorted, as TensorBoard calls them."""
        return self._logs.runs()

    def steps(self, run: str) -> tuple[int, ...]:
        """The captured steps of a run, ascending.

        Raises:
          NotCapturedError: The log directory has no such run.
        """
        return tuple(key.step for key in self._logs.run(run).steps())

    def capture(self, run: str, step: int) -> Capture:
        """Everything recorded at a step, without the pixels.

        Raises:
          NotCapturedError: There is no such run or step.
          FormatError: The manifest is damaged.
        """
        return self._logs.capture(run, step)

    def model_graph(self, run: str, step: int | None = None) -> ModelGraph:
        """The layers of the model at a step, by default the last. Raises as `capture`."""
        return self._logs.run(run).graph(self.capture(run, self._logs.step(run, step)).graph)

    def inputs(self, run: str, step: int | None = None) -> InputImages:
        """The input images of a step, by default the last. Raises as `capture`."""
        return self._logs.run(run).inputs(self.capture(run, self._logs.step(run, step)).inputs)

    def feature_maps(
        self,
        run: str,
        step: int,
        layer: str,
        *,
        input_index: int = 0,
        stage: Literal["own", "after"] = "own",
    ) -> FloatArray:
        """The feature maps of every filter of a layer for one input image.

        Args:
          run, step: Which capture.
          layer: Keras path, as in `model_graph` (`"block3_conv3"`, `"backbone/conv1"`).
          input_index: Which input image.
          stage: `"own"`, the layer's own output, or `"after"`, the result of the activation
            function that follows; both are the same if the layer applies its own.

        Returns:
          `float32 [channel, height, width]`.

        Raises:
          NotCapturedError: The run, step, layer or input image was not captured.
          FormatError: The stored bytes are damaged.
        """
        sheets = self._logs.sheets(run, step, layer, "activation", input_index)
        if stage == "own":
            return self._planes(run, sheets[0])[:, 0]
        after = [sheet for sheet in sheets if sheet.stage == "after"]
        if not after:
            raise NotCapturedError(
                f"Layer {layer!r} has no feature maps after an activation function at step "
                f"{step}: no such function follows, or an earlier release made the capture."
            )
        return self._planes(run, after[0])[:, 0]

    def guided_gradients(
        self,
        run: str,
        step: int,
        layer: str,
        channels: Sequence[int] | None = None,
        *,
        input_index: int = 0,
        method: Literal["guided", "gradient"] = "guided",
    ) -> FloatArray:
        """The guided gradients of filters of a layer, each in its place in the input.

        Args:
          run, step, layer, input_index: See `feature_maps`.
          channels: Which filters; all by default.
          method: `"gradient"` for the plain gradient, if it was captured.

        Returns:
          `float32 [len(channels), height, width, input_channel]` of the input's size.

        Raises:
          NotCapturedError: The run, step, layer or input image was not captured.
          FormatError: The stored bytes are damaged.
        """
        sheet = self._logs.sheets(run, step, layer, method, input_index)[0]
        wanted = range(sheet.channels) if channels is None else channels
        for channel in wanted:
            if not 0 <= channel < sheet.channels:
                raise NotCapturedError(
                    f"Layer {layer!r} has no filter {channel}; "
                    f"its filters are 0 to {sheet.channels - 1}."
                )
        placement = sheet.placement
        if placement is None:
            raise FormatError(
                f"The sheet of layer {layer!r} does not say where its planes lie."
            )
        picture = self.inputs(run, step).inputs[input_index].pictures[placement.source]
        frames = np.zeros((len(wanted), *picture.shape[:2], sheet.planes), np.float32)
        tiles = self._logs.run(run).tiles(sheet, wanted)
        for place, (channel, tile) in enumerate(zip(wanted, tiles, strict=True)):
            levels = np.frombuffer(tile, np.uint8)
            values = dequantize(
                levels.reshape(1, sheet.planes, sheet.height, sheet.width),
                sheet.scale[channel : channel + 1],
                signed=sheet.signed,
            )
            _place(frames[place], np.moveaxis(values[0], 0, -1), placement, channel)
        return frames

    def ablations(self, run: str) -> tuple[Ablation, ...]:
        """Tests of verdicts by `convlens ablate`, the latest first.

        Raises:
          NotCapturedError: The log directory has no such run.
        """
        return self._logs.run(run).ablations()

    def statistics(
        self,
        run: str,
        step: int,
        layer: str,
        *,
        input_index: int = 0,
        stage: Literal["own", "after"] = "own",
    ) -> dict[str, FloatArray]:
        """The numbers per filter of a layer, by name: `"mean"`, `"kernel_change"`, ….

        Numbers that depend on the input image are those of `input_index`. `stage` is that of
        `feature_maps`: `"mean"`, `"max"`, `"std"` and `"taylor"` describe the layer's own
        output, or the result of a later activation function, if it was captured (`"apoz"` and
        `"saturation"` always describe the latter). The formulas are in
        `core/filters/importance.py` and `core/filters/change.py`.

        Returns:
          Arrays `float32 [channel]`, NaN if a number is not defined.

        Raises:
          NotCapturedError: The run, step or layer was not captured.
          FormatError: The manifest is damaged.
        """
        return {
            one.name: one.values
            for one in statistics_at(self._logs.layer(run, step, layer).statistics, stage)
            if one.input in (input_index, None)
        }

    def unchanged_since(self, run: str, step: int, layer: str) -> int | None:
        """The step whose pictures a layer still shows at `step`, or None.

        Not None if nothing that they depend on changed since. Raises as `statistics`.
        """
        return self._logs.layer(run, step, layer).unchanged_since

    def compare(
        self,
        first: tuple[str, int],
        second: tuple[str, int],
        layer: str,
        *,
        input_index: int = 0,
        method: Literal["activation", "guided", "gradient"] = "activation",
    ) -> FloatArray:
        """The pictures of a layer at one capture minus those at another, filter by filter.

        Args:
          first, second: Run and step of each.
          layer: Keras path (with `#1`, … for later calls), the same in both models.
          input_index: Which input image.
          method: Feature maps, or gradients in their place in the input.

        Returns:
          `first - second`, in the shape of `feature_maps` or `guided_gradients`.

        Raises:
          InputError: The input images or the shapes of the layer differ.
          NotCapturedError: The run, step, layer or input image was not captured.
          FormatError: The stored bytes are damaged.
        """
        fingerprints = {self.capture(*which).inputs for which in (first, second)}
        if len(fingerprints) != 1:
            raise InputError(
                f"Step {first[1]} of run {first[0]!r} and step {second[1]} of run "
                f"{second[0]!r} were captured with different input images, so their pictures "
                "cannot be compared; compare their statistics."
            )
        one, other = (
            self.feature_maps(*which, layer, input_index=input_index)
            if method == "activation"
            else self.guided_gradients(*which, layer, input_index=input_index, method=method)
            for which in (first, second)
        )
        if one.shape != other.shape:
            raise InputError(
                f"Layer {layer!r} has pictures of shape {one.shape} in run {first[0]!r} and "
                f"{other.shape} in run {second[0]!r}: only equal shapes can be subtracted."
            )
        return one - other

    def problems(self, run: str) -> tuple[str, ...]:
        """What went wrong while the run was captured, as sentences."""
        return self._logs.run(run).problems()

    def _planes(self, run: str, sheet: Sheet) -> FloatArray:
        shape = (sheet.channels, sheet.planes, sheet.height, sheet.width)
        raw = decode_sheet(self._logs.run(run).stored(sheet.place).read(), int(np.prod(shape)))
        levels = np.frombuffer(raw, np.uint8).reshape(shape)
        return dequantize(levels, sheet.scale, signed=sheet.signed)


def _place(frame: FloatArray, crop: FloatArray, placement: Placement, channel: int) -> None:
    """Copies a crop `[height, width, input_channel]` to where it lies in the input."""
    top, left = placement.top[channel], placement.left[channel]
    bottom, right = top + crop.shape[0], left + crop.shape[1]
    inside = frame[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    inside[:] = crop[max(-top, 0) :, max(-left, 0) :][: inside.shape[0], : inside.shape[1]]
