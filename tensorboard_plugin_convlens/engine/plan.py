"""What is worked out once for a model, before any image is run through it."""

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

_NO_WAY = (
    "no gradient gets from it to an input of the model (an embedding, a rounding or a loop "
    "lies between)"
)


@dataclass(frozen=True)
class Route:
    """The way back from a convolution to the input that is differentiated.

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
    source_tensor: Any
    path: tuple[Any, ...]
    window_route: WindowRoute | None
    is_dense: bool
    guidance: Guidance
    activated: Any | None
    is_rectified: bool
    normalization: Any | None


class Plan:
    """A traced model, its structure, and the route of each captured convolution."""

    def __init__(
        self, model: keras.Model, inputs: ModelInputs, layers: Sequence[str] | None
    ) -> None:
        self.trace: Trace = trace_model(model, inputs)
        self.nodes = build_nodes(self.trace)
        found, skipped = find_convolutions(self.nodes)
        self.convolutions = choose(found, layers)
        left_out = fixed(found, self.convolutions) if layers is None else ()
        self.differentiation = Differentiation(self.trace)
        self.graph: ModelGraph = build_model_graph(
            self.trace.model.name,
            self.nodes,
            _declared_shapes(self.nodes),
            _receptive_fields(self.nodes, self.trace),
        )
        self.input_layouts: tuple[Layout, ...] = input_layouts(self.nodes, self.trace)
        self.routes: dict[int, Route] = {
            one.index: self._route(one) for one in self.convolutions
        }
        self.heads: tuple[Head, ...] = find_heads(self.trace)
        self.loss_path: tuple[Any, ...] = self._loss_path()
        on_the_way = (one for route in self.routes.values() for one in route.path)
        self.channel_chains: dict[int, ChannelChain] = find_channel_chains(
            dict.fromkeys(on_the_way), lambda tensor: bool(self.differentiation.sources(tensor))
        )
        self.skipped: tuple[Skipped, ...] = (
            *skipped,
            *left_out,
            *hidden_convolutions(self.nodes),
            *self._without_gradient(),
            *self._at_other_inputs(),
        )

    def _loss_path(self) -> tuple[Any, ...]:
        """From the first output of classes to every input; () if no gradient can be taken."""
        if not self.heads:
            return ()
        every = range(len(self.trace.inputs))
        path = self.differentiation.path([self.heads[0].tensor], every)
        return () if self.differentiation.obstacle(path) else path

    def fetches(self) -> list[Any]:
        """The tensors whose values everything else is made from."""
        tensors = [head.tensor for head in self.heads]
        on_the_way = {id(one): one for one in self.loss_path}
        for route in self.routes.values():
            tensors += [route.convolution.target, *route.convolution.kernels]
            if route.activated is not None:
                tensors.append(route.activated)
            on_the_way |= {id(one): one for one in route.path}
        return [*tensors, *self.differentiation.residuals(on_the_way.values())]

    def _route(self, convolution: Convolution) -> Route:
        target = convolution.target
        sources = self.differentiation.sources(target)
        images = [one for one in sources if self.trace.inputs[one].shape.rank >= 3]
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
        self, path: tuple[Any, ...], target: Any, source: Any
    ) -> WindowRoute | None:
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
                self.trace.input_names[one]
                for one in self.differentiation.sources(route.convolution.target)
                if one != route.source and self.trace.inputs[one].shape.rank >= 3
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


def _is_rectified(tensor: Any) -> bool:
    operation = tensor.op
    while operation.type in ("Identity", "Squeeze", "Cast"):
        operation = operation.inputs[0].op
    return operation.type in RECTIFIERS


def _receptive_fields(nodes: Sequence[Node], trace: Trace) -> list[ReceptiveField | None]:
    """At the first image-like input that has a say."""
    fields: list[ReceptiveField | None] = [None] * len(nodes)
    for source, tensor in enumerate(trace.inputs):
        windows = receptive_windows(trace, source) if tensor.shape.rank == 4 else {}
        for index, node in enumerate(nodes):
            window = windows.get(id(node.outputs[0]))
            if window is not None and fields[index] is None and node.operation is not None:
                fields[index] = to_receptive_field(*window)
    return fields


def _declared_shapes(nodes: Sequence[Node]) -> list[tuple[int | None, ...]]:
    return [tuple(node.outputs[0].shape.as_list()[1:]) for node in nodes]
