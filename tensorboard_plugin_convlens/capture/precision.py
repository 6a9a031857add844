"""Whether gradients are computed in float32 or, where that is faster, in bfloat16."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, Literal

import tensorflow as tf

Precision = Literal["auto", "float32", "bfloat16"]
"""`auto`: bfloat16 on machines where a measurement shows that it is faster, for layers on
whose way back dense convolutions take most of the time.

Only the cotangents are affected; the forward pass and the masks of the rectifiers stay as
they are. The result differs by about 0.3 % of a picture's maximum, less than one of the
256 levels in which pictures are stored.
"""

_WORTHWHILE = 1.2
_REPETITIONS = 12


def cotangent_type(precision: Precision, *, is_dense: bool) -> Any:
    """The TensorFlow type in which gradients travel.

    Args:
      precision: As asked for.
      is_dense: Whether dense convolutions take most of the time; see `cost.is_dense`.
    """
    if precision == "auto":
        return tf.bfloat16 if is_dense and bfloat16_is_faster() else tf.float32
    return {"float32": tf.float32, "bfloat16": tf.bfloat16}[precision]


_settled: bool | None = None
"""What another process measured, if this one was told."""


def settle(is_faster: bool | None) -> None:
    """Takes the measurement of another process for this one's, so that both decide alike.

    Two measurements may differ where bfloat16 is little faster, or the machine busy. None: this
    process's own counts again.
    """
    global _settled
    _settled = is_faster


def bfloat16_is_faster() -> bool:
    """Whether gradients in bfloat16 are computed faster on this machine, as far as is known."""
    return _measure() if _settled is None else _settled


@functools.cache
def _measure() -> bool:
    """Measures a transposed convolution in both types, once in a process, in about 20 ms.

    On graphics processors float32 is kept: the masks of bfloat16 are made for the CPU.
    """
    if tf.config.list_logical_devices("GPU"):
        return False
    narrow, wide = _transposed_convolution(tf.bfloat16), _transposed_convolution(tf.float32)
    times = [(narrow(), wide()) for _ in range(_REPETITIONS)]
    # The shortest of several: other programs disturb, and only ever lengthen.
    shortest = [min(column) for column in zip(*times[1:], strict=True)]
    return bool(shortest[0] * _WORTHWHILE < shortest[1])


def _transposed_convolution(dtype: Any) -> Callable[[], float]:
    """A function that does one and says how many seconds it took."""
    cotangent = tf.ones([2, 32, 32, 64], dtype)
    kernel = tf.ones([3, 3, 64, 64], dtype)

    def measure() -> float:
        start = time.perf_counter()
        tf.raw_ops.Conv2DBackpropInput(
            input_sizes=cotangent.shape,
            filter=kernel,
            out_backprop=cotangent,
            strides=[1, 1, 1, 1],
            padding="SAME",
        ).numpy()
        return time.perf_counter() - start

    return measure
