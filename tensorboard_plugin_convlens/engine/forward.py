"""One image that was run through a model, and everything that can be computed from it.

TensorFlow has run the graph once, and the values of all tensors that matter are here. For a
layer of 256 filters at 56 by 56, channels last:

    value of its output     [1, 56, 56, 256]
    maps                    [256, 56, 56]            channel, height, width
    statistics              [256] each
    gradients               [n, 224, 224, 3]         blocks of n filters, at the input

Maps and statistics are read off the forward pass. A gradient is a pass back per block of
filters (`channel_gradients.py`), at the same values: a plain one is `d target / d input`, a
guided one stops what is negative at each rectifier (decision 0005).

The numbers of a layer are asked for one after the other, and each needs its maps as planes. So
the planes of one layer are kept until another is asked for: 3 MB here, not those of all layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.filters import importance
from tensorboard_plugin_convlens.core.records import (
    ActivationStage,
    FloatArray,
    Gradients,
    Prediction,
    Statistic,
    Target,
)
from tensorboard_plugin_convlens.engine.channel_gradients import GradientStream
from tensorboard_plugin_convlens.engine.plan import Plan
from tensorboard_plugin_convlens.engine.precision import CotangentTypes
from tensorboard_plugin_convlens.engine.residuals.active_channels import ActiveChannels
from tensorboard_plugin_convlens.engine.residuals.active_residuals import ActiveResiduals
from tensorboard_plugin_convlens.engine.residuals.residuals import ForwardValues, Residuals
from tensorboard_plugin_convlens.engine.taylor import TaylorCriterion
from tensorboard_plugin_convlens.tracing.activations import ends_of_range, zeroes
from tensorboard_plugin_convlens.tracing.convolutions import to_kernel_planes
from tensorboard_plugin_convlens.tracing.types import Tensor, TensorId, Value

GradientMethod = Literal["guided", "gradient"]


class Forward:
    """One image with the weights that the model had when it was run.

    Attributes:
      predictions: The outputs that are class probabilities.
    """

    def __init__(
        self,
        plan: Plan,
        values: dict[TensorId, Value],
        taylor: TaylorCriterion,
        types: CotangentTypes,
    ) -> None:
        """Takes the values of one run; computes only the predictions.

        Args:
          plan: The plan of the model.
          values: `id` of a tensor of the trace → its value.
          taylor: Computes the Taylor criterion of the model.
          types: The types of the gradients.
        """
        self._plan = plan
        self._values = values
        self._types = types
        self._by_type = {
            dtype: ForwardValues(values, dtype) for dtype in (tf.float32, tf.bfloat16)
        }
        # The function does not hold `self`: objects that hold each other keep their memory
        # until Python searches for such circles, and these values may be a gigabyte.
        self._channels = ActiveChannels(
            plan.channel_chains, lambda rectifier: values[id(rectifier.outputs[0])]
        )
        self._taylor = taylor
        self._taylor_numbers: dict[TensorId, FloatArray] | None = None
        # `id` of a tensor → its planes, of the layer `_planes_of`; -1 before the first one.
        self._planes: dict[TensorId, FloatArray] = {}
        self._planes_of = -1
        self.predictions: tuple[Prediction, ...] = tuple(
            Prediction(head.name, self._numpy(head.tensor)[0])
            for head in plan.heads
            if head.is_probability
        )

    def _numpy(self, tensor: Tensor) -> FloatArray:
        """The value of a tensor in float32, for any precision of the model."""
        return np.asarray(tf.cast(self._values[id(tensor)], tf.float32))

    def maps(self, layer: int) -> FloatArray:
        """The feature maps of a layer, `[channel, height, width]`.

        Those of the last layer that was asked for are kept, before and after its activation
        function: its statistics and gradients want them, too.
        """
        return self._planes_at(layer, self._plan.routes[layer].convolution.target)

    def _planes_at(self, layer: int, tensor: Tensor) -> FloatArray:
        """`[channel, height, width]` of one of a layer's tensors."""
        if self._planes_of != layer:
            self._planes_of = layer
            self._planes.clear()
        if id(tensor) not in self._planes:
            layout = self._plan.routes[layer].convolution.layout
            self._planes[id(tensor)] = layout.to_planes(self._numpy(tensor))[0]
        return self._planes[id(tensor)]

    def activated_maps(self, layer: int) -> FloatArray | None:
        """The maps after the activation function that a later layer applies.

        BatchNormalization and dropout may lie between.

        Returns:
          `[channel, height, width]`, or None where there is none before the next convolution
          or a branch, or where the layer's own output is after its own activation function.
        """
        route = self._plan.routes[layer]
        if route.activated is None or route.activated is route.convolution.target:
            return None
        return self._planes_at(layer, route.activated)

    def responses(self, layer: int) -> FloatArray:
        """The maps that the next layer gets: after the activation function, if one follows."""
        activated = self.activated_maps(layer)
        return self.maps(layer) if activated is None else activated

    def gradients(
        self,
        layer: int,
        *,
        method: GradientMethod = "guided",
        target: Target = "max",
        channels: Sequence[int] | None = None,
    ) -> Iterator[Gradients]:
        """Gradients of the channels of a layer at the input, in blocks.

        Args:
          layer: Index in `Engine.graph.layers`.
          method: `"guided"` (Springenberg et al. 2015, arXiv 1412.6806) or the plain
            `"gradient"` (Simonyan et al. 2014, arXiv 1312.6034).
          target: The strongest unit of each map, or the sum over it.
          channels: Which, ascending; None for all.

        Yields:
          Blocks of ascending channels. Nothing at all for a layer from which no gradient
          gets to an input (see `Engine.skipped`).
        """
        route = self._plan.routes[layer]
        if route.source is None:
            return
        dtype = self._types.of(is_dense=route.is_dense)
        stream = GradientStream(
            self._plan.differentiation,
            route,
            ActiveResiduals(self._by_type[dtype], self._channels, guided=method == "guided"),
            self.maps(layer),
            target,
        )
        wanted = range(route.convolution.layout.channels) if channels is None else channels
        yield from stream.blocks(wanted)

    def statistics(self, layer: int) -> tuple[Statistic, ...]:
        """`statistics_of_maps`, and `norms`."""
        return (*self.statistics_of_maps(layer), *self.norms(layer, self.kernels(layer)))

    def statistics_of_maps(self, layer: int) -> tuple[Statistic, ...]:
        """Numbers per filter at this image, with the formulas of `core/filters/importance.py`.

        `apoz` and `saturation` are of the map after the activation function; `mean`, `max`,
        `std` and `taylor` of the layer's own output, and where a later layer applies the
        activation function, also of the map after it. `taylor` is NaN for a model without an
        output `[1, class]`, `apoz` where no ReLU or ReLU6 follows; `saturation` is only there
        where a bounded function follows.
        """
        route = self._plan.routes[layer]
        maps, activated = self.maps(layer), self.activated_maps(layer)
        responses = maps if activated is None else activated
        # `after` comes out of the activation function, which tells where it is zero for good
        # (apoz) and where it saturates.
        after = route.convolution.target if route.activated is None else route.activated
        own = self._plan.graph.layers[layer].activation_stage
        final: Literal["after", "none"] = "none" if route.activated is None else "after"
        found = [] if activated is None else self._of_maps(after, activated, "after")
        found += self._of_maps(route.convolution.target, maps, own)
        zeros = (
            importance.zero_share(responses)
            if zeroes(after)
            else np.full(len(maps), np.nan, np.float32)
        )
        found.append(Statistic("apoz", 0, zeros, final))
        if ends := ends_of_range(after):
            share = importance.share_at(responses, ends)
            found.append(Statistic("saturation", 0, share, final))
        return tuple(found)

    def norms(self, layer: int, kernels: FloatArray | None) -> tuple[Statistic, ...]:
        """`l1` and `l2` of the weights alone (`input` is None).

        A BatchNormalization that directly follows is folded in.

        Args:
          layer: Index in `Engine.graph.layers`.
          kernels: The result of `kernels` for the layer; None if it has no kernels.
        """
        if kernels is None:
            return ()
        scale = _normalization_scale(self._plan.routes[layer].normalization)
        return (
            Statistic("l1", None, importance.l1_norm(kernels, scale)),
            Statistic("l2", None, importance.l2_norm(kernels, scale)),
        )

    def kernels(self, layer: int) -> FloatArray | None:
        """The kernels of a layer, as `Engine.kernels` gives them."""
        convolution = self._plan.routes[layer].convolution
        planes = to_kernel_planes(
            convolution, [self._numpy(kernel) for kernel in convolution.kernels]
        )
        return None if planes is None else np.ascontiguousarray(planes)

    def _of_maps(
        self, tensor: Tensor, maps: FloatArray, stage: ActivationStage
    ) -> list[Statistic]:
        """What is taken before and after an activation function; `maps` is of `tensor`."""
        numbers = {
            "mean": importance.mean(maps),
            "max": importance.maximum(maps),
            "std": importance.standard_deviation(maps),
            "taylor": self._taylor_of(tensor, len(maps)),
        }
        return [Statistic(name, 0, values, stage) for name, values in numbers.items()]

    def _taylor_of(self, tensor: Tensor, channels: int) -> FloatArray:
        """The Taylor criterion `[channel]`; NaN if the model's output has no gradient."""
        # One pass back from the model's output gives the numbers of all layers.
        if self._taylor_numbers is None:
            self._taylor_numbers = self._taylor.numbers(Residuals(self._by_type[tf.float32]))
        found = self._taylor_numbers.get(id(tensor))
        return np.full(channels, np.nan, np.float32) if found is None else found


def _normalization_scale(layer: Any) -> FloatArray | None:
    """`gamma / sqrt(variance + epsilon)` of a BatchNormalization layer."""
    if layer is None:
        return None
    # y = gamma · (x - mean) / sqrt(variance + epsilon) + beta scales every kernel by the factor
    # of its channel; the mean and beta only move its output.
    deviation = np.sqrt(np.asarray(layer.moving_variance) + layer.epsilon)
    gamma = 1.0 if layer.gamma is None else np.asarray(layer.gamma)
    return np.asarray(gamma / deviation, np.float32)
