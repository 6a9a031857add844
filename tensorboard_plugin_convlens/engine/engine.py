"""The capture engine: feature maps, gradients and statistics of a model's convolutions.

A model is traced once (`tracing/trace.py`), planned once (`plan.py`), and run once per image
(`Forward`); everything that is asked about an image is made of that one run:

    model, input shapes ─ Plan ─► routes, paths, windows, rules
    image [1, 224, 224, 3] ─ run ─► values of all tensors that are needed ─► Forward
    Forward.maps(layer)       [256, 56, 56]              channel, height, width
    Forward.gradients(layer)  blocks [n, 40, 40, 3]      channel, height, width, input channel

Weights are read at every run, so a model in training needs no second trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import keras
import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.records import (
    FloatArray,
    Guidance,
    ModelGraph,
    Skipped,
)
from tensorboard_plugin_convlens.engine.content_hashes import ContentHashes, Hashes
from tensorboard_plugin_convlens.engine.forward import Forward
from tensorboard_plugin_convlens.engine.plan import Plan
from tensorboard_plugin_convlens.engine.precision import (
    CotangentTypes,
    Precision,
    cotangent_types,
)
from tensorboard_plugin_convlens.engine.taylor import TaylorCriterion
from tensorboard_plugin_convlens.tracing.convolutions import to_kernel_planes
from tensorboard_plugin_convlens.tracing.graph_function import GraphFunction
from tensorboard_plugin_convlens.tracing.layout import Layout
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs, to_arrays
from tensorboard_plugin_convlens.tracing.types import Tensor, TensorId


class Engine:
    """Traces a model once, then runs any image with the model's current weights.

    The model, its optimizer, losses and random state are not changed. An engine may be
    used from several threads.

    Attributes:
      graph: Every layer call of the model.
      convolutions: Indices in `graph.layers` of those that are captured, in order.
      skipped: What cannot be captured, and why.
      input_layouts: How each input of the model is a picture.
    """

    def __init__(
        self,
        model: keras.Model,
        inputs: ModelInputs,
        *,
        layers: Sequence[str] | None = None,
        precision: Precision | CotangentTypes = "auto",
    ) -> None:
        """Traces `model`.

        Args:
          model: A built Keras 3 model on TensorFlow.
          inputs: An array `[batch, …]`, or a list or dictionary of them, as the model takes
            them; only their shapes and types are used.
          layers: Keys, paths or patterns (`"block3_*"`) of convolutions; None for all.
          precision: The precision of gradients, or the types chosen before; see
            `engine/precision.py`.

        Raises:
          InputError: If the inputs do not fit the model.
          NoConvolutionError: If there is no convolution with learned kernels.
          UnknownLayerError: If a name in `layers` fits none.
          UnsupportedModelError: If the model is not built, not a Keras 3 model on
            TensorFlow, or cannot be run as a graph.
        """
        self._plan = Plan(model, inputs, layers)
        self._types = (
            precision if isinstance(precision, CotangentTypes) else cotangent_types(precision)
        )
        self.graph: ModelGraph = self._plan.graph
        self.convolutions: tuple[int, ...] = tuple(self._plan.routes)
        self.skipped: tuple[Skipped, ...] = self._plan.skipped
        self.input_layouts: tuple[Layout, ...] = self._plan.input_layouts
        trace = self._plan.trace
        self._fetched = _distinct(self._plan.fetches(), {id(tensor) for tensor in trace.inputs})
        # TensorFlow keeps what leads to the tensors that are fetched, and nothing else of the
        # graph.
        self._run = GraphFunction(trace.wrapped.prune(list(trace.inputs), self._fetched))
        self._taylor = TaylorCriterion(self._plan)
        self._kernels = trace.wrapped.prune(
            [],
            {
                index: list(route.convolution.kernels)
                for index, route in self._plan.routes.items()
            },
        )

    def guidance(self, layer: int) -> Guidance:
        """The guidance between a layer and the input."""
        return self._plan.routes[layer].guidance

    def obstacle(self, layer: int) -> str:
        """Why a layer has no gradients at an input, as the end of a sentence; "" if it has."""
        return self._plan.routes[layer].obstacle

    def values(self) -> tuple[str, ...]:
        """Hashes of everything that the model reads now; equal ones mean an unchanged model."""
        return self._content_hashes.values()

    def hashes(self, arrays: str, values: Sequence[str]) -> dict[int, Hashes]:
        """What each captured layer depended on at `values`; see `engine/content_hashes.py`."""
        return self._content_hashes.hashes(arrays, values)

    @cached_property
    def _content_hashes(self) -> ContentHashes:
        return ContentHashes(self._plan)

    def frame(self, layer: int) -> tuple[int, int]:
        """(height, width) of the input at which the gradients of a layer are taken."""
        return self._plan.routes[layer].source_layout.plane

    def kernels(self, layer: int) -> FloatArray | None:
        """The current kernels of a layer.

        Returns:
          `[channel, input channel of the group, height, width]`, the slices of a
          three-dimensional kernel stacked along height; None where the channels of the
          layer's output are not those of one kernel.
        """
        convolution = self._plan.routes[layer].convolution
        planes = to_kernel_planes(convolution, self._kernels()[layer])
        return None if planes is None else np.ascontiguousarray(planes)

    def run(self, inputs: ModelInputs) -> Forward:
        """Runs one image through the model.

        Args:
          inputs: One batch of one, in the form that `__init__` takes.

        Raises:
          InputError: If shapes differ from those that the engine was made for.
        """
        placeholders = self._plan.trace.inputs
        arrays = to_arrays(inputs)
        expected = [tuple(placeholder.shape.as_list()) for placeholder in placeholders]
        if [array.shape for array in arrays] != expected:
            raise InputError(
                f"One image has the shapes {[array.shape for array in arrays]}; this engine "
                f"was made for {expected}."
            )
        tensors = [
            tf.constant(array, placeholder.dtype)
            for array, placeholder in zip(arrays, placeholders, strict=True)
        ]
        values = {
            id(placeholder): value
            for placeholder, value in zip(placeholders, tensors, strict=True)
        }
        results = self._run(*tensors)
        values |= {
            id(tensor): value for tensor, value in zip(self._fetched, results, strict=True)
        }
        return Forward(self._plan, values, self._taylor, self._types)


def _distinct(tensors: Sequence[Tensor], without: set[TensorId]) -> list[Tensor]:
    """Each tensor once, in order."""
    found = {id(tensor): tensor for tensor in tensors if id(tensor) not in without}
    return list(found.values())
