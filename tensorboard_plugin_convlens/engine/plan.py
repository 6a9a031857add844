"""What is computed once for a model, before any image runs through it.

A trace is a graph of operations. For each captured convolution, the plan finds the way back
from its output to an input of the model, which is a route:

    input ─ Conv2D ─ BiasAdd ─ Relu ─ MaxPool ─ Conv2D ─ BiasAdd (target) ─ Relu (activated) ─ …
      ▲      path, from the last operation to the first                  │
      └───────────────────────────────────────────────────────────────────┘

Nothing here depends on the weights or on an image. So a training that is captured a hundred
times is planned once, and an image costs one run of the graph, which fetches (`Plan.fetches`):

    predictions        [1, class]
    layer outputs      [1, height, width, channel], before and after the activation function
    kernels            [height, width, input channel, filter]
    residuals          what the rules of the path read, such as the output of each rectifier

TensorFlow prunes everything else from the graph, so this list decides what an image costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from tensorboard_plugin_convlens.core.pictures.receptive_field import to_receptive_field
from tensorboard_plugin_convlens.core.records import (
    Guidance,
    ModelGraph,
    ReceptiveField,
    Skipped,
)
from tensorboard_plugin_convlens.engine.backward.backward_pass import Differentiation
from tensorboard_plugin_convlens.engine.backward.channel_chains import find_channel_chains
from tensorboard_plugin_convlens.engine.cost import is_dense, prefers_windows
from tensorboard_plugin_convlens.engine.residuals.active_channels import ChannelChain
from tensorboard_plugin_convlens.engine.windows.seen_windows import receptive_windows
from tensorboard_plugin_convlens.engine.windows.window_route import (
    WindowRoute,
    find_window_route,
)
from tensorboard_plugin_convlens.tracing.activations import (
    activated_output,
    normalization_after,
)
from tensorboard_plugin_convlens.tracing.convolutions import (
    Convolution,
    choose,
    find_convolutions,
    fixed,
)
from tensorboard_plugin_convlens.tracing.heads import Head, find_heads
from tensorboard_plugin_convlens.tracing.hidden_convolutions import hidden_convolutions
from tensorboard_plugin_convlens.tracing.input_layout import input_layouts
from tensorboard_plugin_convlens.tracing.layout import Layout
from tensorboard_plugin_convlens.tracing.model_graph import build_model_graph
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs
from tensorboard_plugin_convlens.tracing.nodes import Node, build_nodes
from tensorboard_plugin_convlens.tracing.operations import RECTIFIERS
from tensorboard_plugin_convlens.tracing.trace import Trace, trace_model
from tensorboard_plugin_convlens.tracing.types import Operation, Tensor, TensorId

_NO_WAY = (
    "no gradient flows from it to an input of the model (an embedding, a rounding or a loop "
    "lies between)"
)


@dataclass(frozen=True)
class Route:
    """The backward path from a convolution to the differentiated input.

    Attributes:
      convolution: Where it starts.
      source: Index of the input where it ends; None where no gradient gets to an input.
      obstacle: Why none does; "" where one does.
      source_layout: How that input is a picture.
      source_tensor: That input.
      path: The operations in between, from the last to the first.
      window_route: The windows in between, where they are less work than the whole frame.
      is_dense: Whether dense convolutions take most of the time.
      guidance: What a guided pass gates on the way.
      activated: The convolution's output after its activation function, or None.
      is_rectified: Whether the output comes out of a rectifier, so that the gradient of
        a channel without any positive unit is zero.
      normalization: A BatchNormalization layer that directly follows, or None.
    """

    convolution: Convolution
    source: int | None
    obstacle: str
    source_layout: Layout
    source_tensor: Tensor
    path: tuple[Operation, ...]
    window_route: WindowRoute | None
    is_dense: bool
    guidance: Guidance
    activated: Tensor | None
    is_rectified: bool
    normalization: Any | None


class Plan:
    """A traced model, its structure, and the route of each captured convolution.

    Attributes:
      trace: The graph of the model.
      nodes: Calls of layers, in the order of the graph.
      convolutions: Those that are captured.
      differentiation: How to go back from any tensor of the trace.
      graph: The structure of the model, as it is stored.
      input_layouts: How each input is a picture.
      routes: Index of a layer in `graph.layers` → the way back from it.
      heads: The outputs `[1, class]`.
      loss_path: The operations between the inputs and the first head, the last one first.
      channel_chains: `id` of a tensor → the channel-wise chain that it is in.
      skipped: What is not captured, and why.
    """

    def __init__(
        self, model: keras.Model, inputs: ModelInputs, layers: Sequence[str] | None
    ) -> None:
        self.trace: Trace = trace_model(model, inputs)
        self.nodes = build_nodes(self.trace)
        found, skipped = find_convolutions(self.nodes)
        self.convolutions = choose(found, layers)
        of_fixed_kernels = fixed(found, self.convolutions) if layers is None else ()
        self.differentiation = Differentiation(self.trace)
        self.graph: ModelGraph = build_model_graph(
            self.trace.model.name,
            self.nodes,
            _declared_shapes(self.nodes),
            _receptive_fields(self.nodes, self.trace),
        )
        self.input_layouts: tuple[Layout, ...] = input_layouts(self.nodes, self.trace)
        self.routes: dict[int, Route] = {
            convolution.index: self._route(convolution) for convolution in self.convolutions
        }
        self.heads: tuple[Head, ...] = find_heads(self.trace)
        self.loss_path: tuple[Operation, ...] = self._loss_path()
        # Layers share most of their paths; `dict.fromkeys` has each operation once, in order.
        on_the_way = (operation for route in self.routes.values() for operation in route.path)
        self.channel_chains: dict[TensorId, ChannelChain] = find_channel_chains(
            dict.fromkeys(on_the_way), lambda tensor: bool(self.differentiation.sources(tensor))
        )
        self.skipped: tuple[Skipped, ...] = (
            *skipped,
            *of_fixed_kernels,
            *hidden_convolutions(self.nodes),
            *self._without_gradient(),
            *self._at_other_inputs(),
        )

    def _loss_path(self) -> tuple[Operation, ...]:
        """The way from the first output of classes to every input; () without a gradient."""
        if not self.heads:
            return ()
        every = range(len(self.trace.inputs))
        path = self.differentiation.path([self.heads[0].tensor], every)
        return () if self.differentiation.obstacle(path) else path

    def fetches(self) -> list[Tensor]:
        """The tensors whose values everything else is made from, some of them twice."""
        tensors = [head.tensor for head in self.heads]
        on_the_way = {id(operation): operation for operation in self.loss_path}
        for route in self.routes.values():
            tensors += [route.convolution.target, *route.convolution.kernels]
            if route.activated is not None:
                tensors.append(route.activated)
            on_the_way |= {id(operation): operation for operation in route.path}
        return [*tensors, *self.differentiation.residuals(on_the_way.values())]

    def _route(self, convolution: Convolution) -> Route:
        target = convolution.target
        sources = self.differentiation.sources(target)
        # A gradient is a picture of an image. An input such as `[1, 10]`, a row of numbers, is
        # only differentiated where no image is among those that the layer depends on.
        images = [index for index in sources if self.trace.inputs[index].shape.rank >= 3]
        source = next(iter([*images, *sources]), None)
        path = () if source is None else self.differentiation.path([target], [source])
        obstacle = _NO_WAY if source is None else self.differentiation.obstacle(path)
        if obstacle:
            source, path = None, ()
        return Route(
            convolution=convolution,
            source=source,
            obstacle=obstacle,
            source_layout=self.input_layouts[source or 0],
            source_tensor=self.trace.inputs[source or 0],
            path=path,
            window_route=self._window_route(path, target, self.trace.inputs[source or 0]),
            is_dense=is_dense(path),
            guidance=self.differentiation.rectifiers.guidance(path),
            activated=activated_output(self.nodes, convolution.index),
            is_rectified=_is_rectified(target),
            normalization=normalization_after(self.nodes, convolution.index),
        )

    def _window_route(
        self, path: tuple[Operation, ...], target: Tensor, source: Tensor
    ) -> WindowRoute | None:
        """The windows on a path, if they are less work than the frame."""
        route = find_window_route(path, target, source, self.differentiation)
        return route if route is not None and prefers_windows(route, path) else None

    def _without_gradient(self) -> list[Skipped]:
        return [
            Skipped(
                route.convolution.node.key,
                f"{route.obstacle}, so only its feature maps are captured",
            )
            for route in self.routes.values()
            if route.obstacle
        ]

    def _at_other_inputs(self) -> list[Skipped]:
        """Gradients are taken at one input: the first image that a layer depends on."""
        found = []
        for route in self.routes.values():
            others = [
                self.trace.input_names[index]
                for index in self.differentiation.sources(route.convolution.target)
                if index != route.source and self.trace.inputs[index].shape.rank >= 3
            ]
            if others and route.source is not None:
                found.append(
                    Skipped(
                        f"gradients of {route.convolution.node.key} at {', '.join(others)}",
                        "it depends on several input images, and its gradients are taken at "
                        f"the first of them, {self.trace.input_names[route.source]}",
                    )
                )
        return found


def _is_rectified(tensor: Tensor) -> bool:
    """Whether the values of a tensor come from a rectifier."""
    # Conv1D runs as Conv2D on a height of one, which a Squeeze takes away after the rectifier.
    operation = tensor.op
    while operation.type in ("Identity", "Squeeze", "Cast"):
        operation = operation.inputs[0].op
    return operation.type in RECTIFIERS


def _receptive_fields(nodes: Sequence[Node], trace: Trace) -> list[ReceptiveField | None]:
    """What a unit of each node sees of the first image that it depends on; None if unknown.

    For two 3 by 3 convolutions, one after the other, that is a window of 5 by 5.
    """
    fields: list[ReceptiveField | None] = [None] * len(nodes)
    for source, tensor in enumerate(trace.inputs):
        windows = receptive_windows(trace, source) if tensor.shape.rank == 4 else {}
        for index, node in enumerate(nodes):
            window = windows.get(id(node.outputs[0]))
            if window is not None and fields[index] is None and node.operation is not None:
                fields[index] = to_receptive_field(*window)
    return fields


def _declared_shapes(nodes: Sequence[Node]) -> list[tuple[int | None, ...]]:
    # Without the batch, as Keras prints them: `(112, 112, 64)`.
    return [tuple(node.outputs[0].shape.as_list()[1:]) for node in nodes]
