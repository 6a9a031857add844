"""Captures a model step after step: the engine's results, layer by layer, into packs.

This is the whole way of a filter from the model to the sheet: `Session.capture` asks the
engine for one forward pass per input image, `_capture_layer` takes a layer's maps and
gradients from it, and the pack writer quantizes and stores them as they come.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Literal

import keras

from tensorboard_plugin_convlens.capture.engine import Engine
from tensorboard_plugin_convlens.capture.forward import Forward
from tensorboard_plugin_convlens.capture.inputs import ModelInputs, to_arrays
from tensorboard_plugin_convlens.capture.options import CaptureOptions
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputImages,
    LayerCapture,
    Sheet,
    Skipped,
    Statistic,
)
from tensorboard_plugin_convlens.storage.sheet_writer import PackWriter
from tensorboard_plugin_convlens.storage.writer import Writer

Progress = Callable[[str, int], None]
"""Is called with the key of a layer and the number of its filters that are done."""


class Session:
    """A model, its input images and a writer; the model is traced once."""

    def __init__(
        self,
        model: keras.Model,
        inputs: ModelInputs,
        pictures: InputImages,
        writer: Writer,
        options: CaptureOptions,
    ) -> None:
        """Traces the model and writes its graph and the input images.

        Raises:
          ConvLensError: The inputs do not fit the model, a layer is not there, there is no
            convolution, the model is of a kind that cannot be captured, or the log
            directory cannot be written to.
        """
        self._inputs = inputs
        self._pictures = pictures
        self._writer = writer
        self._options = options
        self.engine = Engine(model, inputs, layers=options.layers)
        writer.write_graph(self.engine.graph)
        writer.write_inputs(pictures)

    @property
    def filters(self) -> int:
        """Number of pictures-to-take of a capture: filters times input images."""
        layers = [self.engine.graph.layers[index] for index in self.engine.convolutions]
        return sum(layer.channels or 0 for layer in layers) * len(self._pictures.inputs)

    def capture(
        self, step: int, *, iterations: int | None = None, progress: Progress | None = None
    ) -> Capture:
        """Captures the model as it is now and commits the step.

        Args:
          step: Not negative.
          iterations: Optimizer updates so far, where there are any.
          progress: Is told of every layer that is done, for every input image.

        Raises:
          StorageError: The log directory cannot be written to; nothing of the step
            becomes visible.
        """
        started = time.monotonic()
        layers = {index: LayerCapture(index, ()) for index in self.engine.convolutions}
        predictions = []
        with ExitStack() as packs:
            for index in range(len(self._pictures.inputs)):
                forward = self.engine.run(_one(self._inputs, index))
                pack = packs.enter_context(self._writer.pack(step, index))
                predictions.append(forward.predictions)
                for layer in layers:
                    one = self._capture_layer(forward, pack, layer, index)
                    layers[layer] = _merged(layers[layer], one)
                    if progress is not None:
                        node = self.engine.graph.layers[layer]
                        progress(node.key, node.channels or 0)
            skipped = list(self.engine.skipped)
            if "kernel" in self._options.methods:
                pack = packs.enter_context(self._writer.pack(step, -1))
                skipped += self._add_kernels(pack, layers)
        capture = Capture(
            step=step,
            wall_time=time.time(),
            session=self._writer.session,
            graph=self.engine.graph.fingerprint,
            inputs=self._pictures.fingerprint,
            layers=tuple(layers.values()),
            predictions=tuple(predictions),
            skipped=tuple(skipped),
            iterations=iterations,
            seconds=time.monotonic() - started,
        )
        self._writer.commit(capture)
        return capture

    def _capture_layer(
        self, forward: Forward, pack: PackWriter, layer: int, index: int
    ) -> LayerCapture:
        """Everything of one layer for one input image."""
        sheets: list[Sheet] = []
        guidance = None
        if "activation" in self._options.methods:
            sheets.append(pack.add_maps(forward.maps(layer), input_index=index))
        for method in self._gradient_methods():
            blocks = forward.gradients(layer, method=method, target=self._options.target)
            sheets += pack.add_gradients(
                blocks, method=method, target=self._options.target, input_index=index
            )
            guidance = self.engine.guidance(layer) if method == "guided" else guidance
        return LayerCapture(
            layer, tuple(sheets), _of_input(forward.statistics(layer), index), guidance
        )

    def _gradient_methods(self) -> Iterator[Literal["guided", "gradient"]]:
        if "guided" in self._options.methods:
            yield "guided"
        if "gradient" in self._options.methods:
            yield "gradient"

    def _add_kernels(
        self, pack: PackWriter, layers: dict[int, LayerCapture]
    ) -> Iterator[Skipped]:
        """Adds the kernels of every layer; yields the layers that have none to show."""
        for layer, record in layers.items():
            kernels = self.engine.kernels(layer)
            if kernels is None:
                key = self.engine.graph.layers[layer].key
                yield Skipped(f"kernels of {key}", "its kernels are not of the usual form")
            else:
                sheets = (*record.sheets, pack.add_kernels(kernels))
                layers[layer] = dataclasses.replace(record, sheets=sheets)


def _one(inputs: ModelInputs, index: int) -> ModelInputs:
    """One image of the inputs, as a batch of one, in the form that the model takes."""
    arrays = iter([array[index : index + 1] for array in to_arrays(inputs)])
    return keras.tree.map_structure(lambda _: next(arrays), inputs)


def _of_input(statistics: tuple[Statistic, ...], index: int) -> tuple[Statistic, ...]:
    """The statistics of one forward pass, marked with their input image."""
    return tuple(
        one if one.input < 0 else dataclasses.replace(one, input=index) for one in statistics
    )


def _merged(before: LayerCapture, one: LayerCapture) -> LayerCapture:
    """What was captured of a layer for further input images, put together."""
    known = {statistic.name for statistic in before.statistics if statistic.input < 0}
    new = [one for one in one.statistics if one.input >= 0 or one.name not in known]
    return LayerCapture(
        before.layer,
        (*before.sheets, *one.sheets),
        (*before.statistics, *new),
        one.guidance or before.guidance,
    )
