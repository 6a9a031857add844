"""TensorFlow's raw convolutions and poolings, also where it has no code for one.

On the CPU, TensorFlow computes them with channels last and, on the way back, without dilation.
oneDNN adds the rest for float32, on those processors where TensorFlow uses it. Operations that
exist compute what is missing: a transposition to channels last, a larger kernel with zeros in
the gaps of a dilated one, or the operation compiled by XLA.

    dilated kernel [3, 3, 64, 64], rate 2    →  [5, 5, 64, 64], zeros in every second row
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.tracing.graph_function import LACKING
from tensorboard_plugin_convlens.tracing.types import Value

_WEIGHTS = "filter"
_SIZES = ("input_sizes", "orig_input_shape")

_missing: set[tuple[Any, ...]] = set()
"""The kinds of operations that this process lacks; see `_kind`."""


def call(name: str, **arguments: Any) -> Value:
    """`tf.raw_ops.<name>`, or a substitute with the same result.

    Args:
      name: A convolution, a pooling, or the gradient of one with respect to the images.
      arguments: The arguments of the raw operation; sizes as lists, not as tensors.
    """
    kind = _kind(name, arguments)
    if kind not in _missing:
        try:
            return getattr(tf.raw_ops, name)(**arguments)
        except LACKING:
            _missing.add(kind)
    if arguments["data_format"].startswith("NC"):
        return _channels_last(name, arguments)
    if max(arguments.get("dilations", [1])) > 1:
        return _undilated(name, arguments)
    return _compiled(name, arguments)


def _kind(name: str, arguments: dict[str, Any]) -> tuple[Any, ...]:
    """The kind of an operation, for which TensorFlow has code or not."""
    types = {value.dtype for value in arguments.values() if tf.is_tensor(value)}
    strides = arguments["strides"]
    return (
        name,
        frozenset(types),
        arguments["data_format"],
        max(arguments.get("dilations", [1])) > 1,
        # A depthwise convolution takes equal strides only.
        name.startswith("Depthwise") and len({*strides} - {1}) + (1 in strides[1:3]) > 1,
    )


def _channels_last(name: str, arguments: dict[str, Any]) -> Value:
    axes = len(arguments["data_format"])
    order = [0, *range(2, axes), 1]
    turned = {key: _turned(key, value, order) for key, value in arguments.items()}
    turned["data_format"] = "NHWC" if axes == 4 else "NDHWC"
    back = [0, axes - 1, *range(1, axes - 1)]
    return tf.transpose(call(name, **turned), back)


def _turned(key: str, value: Any, order: list[int]) -> Any:
    if key == "explicit_paddings":
        return [value[2 * axis + end] for axis in order for end in (0, 1)]
    if isinstance(value, list):
        return [value[axis] for axis in order]
    if key != _WEIGHTS and tf.is_tensor(value):
        return tf.transpose(value, order)
    return value


def _undilated(name: str, arguments: dict[str, Any]) -> Value:
    """The same with a larger kernel, which has zeros where a dilated one has gaps."""
    rates = arguments["dilations"][1:-1]
    kernel = arguments[_WEIGHTS].numpy()
    sizes = [
        (size - 1) * rate + 1
        for size, rate in zip(kernel.shape[: len(rates)], rates, strict=True)
    ]
    filled = np.zeros([*sizes, *kernel.shape[len(rates) :]], kernel.dtype)
    filled[tuple(slice(None, None, rate) for rate in rates)] = kernel
    return call(
        name, **arguments | {_WEIGHTS: tf.constant(filled), "dilations": [1] * (len(rates) + 2)}
    )


def _compiled(name: str, arguments: dict[str, Any]) -> Value:
    tensors = {key: value for key, value in arguments.items() if tf.is_tensor(value)}
    attributes = {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in arguments.items()
        if key not in tensors
    }
    return _by_xla(name, tuple(attributes.items()))(tensors)


@functools.lru_cache(maxsize=256)
def _by_xla(name: str, attributes: tuple[tuple[str, Any], ...]) -> Any:
    """Sizes must be known when XLA compiles, so each has a function of its own."""
    given = {
        key: list(value) if isinstance(value, tuple) else value for key, value in attributes
    }

    def run(tensors: dict[str, Any]) -> Any:
        return getattr(tf.raw_ops, name)(**given, **tensors)

    return tf.function(run, jit_compile=True)
