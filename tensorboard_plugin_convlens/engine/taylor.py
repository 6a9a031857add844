"""The Taylor criterion of every layer at one image, from one gradient of the model's output."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.core.records import FloatArray
from tensorboard_plugin_convlens.engine.backward.vjp import Residuals
from tensorboard_plugin_convlens.engine.plan import Plan
from tensorboard_plugin_convlens.tracing.graph_function import LACKING, GraphFunction
from tensorboard_plugin_convlens.tracing.layout import Layout


class TaylorCriterion:
    """`|Σ a g / n|` of every channel, as `core/filters/importance.py` defines it.

    `g` is the gradient of the first output's largest log-probability, or largest value. It is
    that of one image and one number, so everything is one function in the traced graph; the
    gradients of filters, which are many, go operation by operation.
    """

    def __init__(self, plan: Plan) -> None:
        """Adds the way back to the graph of the plan; `plan` has no output: nothing."""
        self._plan = plan
        self._layouts: dict[int, Layout] = {}
        self._tensors: list[Any] = []
        for route in plan.routes.values():
            for tensor in (route.convolution.target, route.activated):
                if tensor is not None and id(tensor) not in self._layouts:
                    self._layouts[id(tensor)] = route.convolution.layout
                    self._tensors.append(tensor)
        self._path = self._between()
        self._given: list[Any] = []
        self._found: list[int] = []
        self._function = self._trace() if self._path else None

    def numbers(self, residuals: Residuals) -> dict[int, FloatArray]:
        """The criterion at an image.

        Args:
          residuals: Its forward pass.

        Returns:
          `id` of a layer's output, or of its activation function's → `float32 [channel]`.
          Without an entry for what the model's output does not depend on.
        """
        if not self._path:
            return {}
        if self._function is not None:
            try:
                vectors = self._function(*map(residuals.raw, self._given))
                return dict(zip(self._found, map(np.asarray, vectors), strict=True))
            except LACKING:
                # One operation after the other: there, each can be made of others.
                self._function = None
        return {key: np.asarray(one) for key, one in self._compute(residuals).items()}

    def _between(self) -> tuple[Any, ...]:
        """The operations between the output and the layers, without those before all layers."""
        after = set(self._layouts)
        for operation in self._plan.trace.operations:
            if any(id(one) in after for one in operation.inputs):
                after.update(id(one) for one in operation.outputs)
        return tuple(
            one
            for one in self._plan.loss_path
            if any(id(given) in after for given in one.inputs)
        )

    def _trace(self) -> GraphFunction | None:
        """All of it as one function; None where a rule has to see values."""
        wrapped = self._plan.trace.wrapped
        needed = [
            self._plan.heads[0].tensor,
            *self._tensors,
            *self._plan.differentiation.residuals(self._path),
        ]
        given = {id(one): one for one in needed}
        try:
            with wrapped.graph.as_default():
                numbers = self._compute(Residuals(given, tf.float32))
        except (AttributeError, NotImplementedError):
            return None
        self._given, self._found = list(given.values()), list(numbers)
        return GraphFunction(wrapped.prune(self._given, list(numbers.values())), compiles=False)

    def _compute(self, residuals: Residuals) -> dict[int, Any]:
        plan = self._plan
        head = plan.heads[0]
        output = tf.cast(residuals.raw(head.tensor), tf.float32)
        largest = tf.reduce_max(output[0])
        slope = 1 / tf.maximum(largest, 1e-30) if head.is_probability else 1.0
        seed = tf.one_hot([tf.argmax(output, -1)], output.shape[1]) * slope
        gradients = plan.differentiation.pull_back(
            self._path, {id(head.tensor): seed}, residuals, keep=self._layouts.__contains__
        )
        return {
            id(tensor): _criterion(
                residuals.raw(tensor), gradients[id(tensor)][0], self._layouts[id(tensor)]
            )
            for tensor in self._tensors
            if id(tensor) in gradients
        }


def _criterion(maps: Any, gradient: Any, layout: Layout) -> Any:
    """`|mean of maps * gradient|` over the units of each channel, of tensors `[1, *shape]`."""
    product = (tf.cast(maps, tf.float32) * tf.cast(gradient, tf.float32))[0]
    axes = [axis for axis in range(product.shape.rank) if axis != layout.channel_axis]
    if axes:
        # A row in float32, whose sum is exact enough, and the sums of rows in float64.
        rows = tf.cast(tf.reduce_sum(product, axes[-1]), tf.float64)
        sums = tf.reduce_sum(rows, [axis - (axis > axes[-1]) for axis in axes[:-1]])
        product = sums / np.prod(layout.spatial)
    return tf.cast(tf.reshape(tf.abs(product), [layout.channels]), tf.float32)
