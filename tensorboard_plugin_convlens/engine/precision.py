"""Whether gradients are computed in float32 or, if that is faster, in bfloat16.

bfloat16 is the upper half of a float32: the same range, 8 bits of precision instead of 24. A
rounding errs by at most 2⁻⁸ of the value (`_ROUNDING`). Processors with AVX-512 BF16 or AMX
multiply several times as many of them at once and add up in float32; others emulate
them, which is slower, or round every sum, which is wrong. No table says which, so both are
measured.

Only cotangents `[filter, 1, height, width, channel]` and kernels on the way back are rounded.
The forward pass, and so what a rectifier lets through, stays in the model's own precision.
"""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import Literal

import numpy as np
import tensorflow as tf

from tensorboard_plugin_convlens.tracing.types import DType, Value

Precision = Literal["auto", "float32", "bfloat16"]
"""`auto`: bfloat16 on machines where a measurement shows that it is faster and adds up in
float32, for layers on whose way back dense convolutions take most of the time.

Only the cotangents are affected; the forward pass and the masks of the rectifiers stay as
they are. The result differs by about 0.3 % of a picture's maximum, less than one of the
256 levels in which pictures are stored.
"""

_WORTHWHILE = 1.2
_REPETITIONS = 12
_ROUNDING = 2.0**-8
"""Largest error of a bfloat16 that was rounded once, as a share of its value."""


@dataclass(frozen=True, slots=True)
class CotangentTypes:
    """A chosen precision, as plain values that can be passed to other processes.

    Attributes:
      dense: For layers on whose way back dense convolutions take most of the time.
      other: For all other layers.
    """

    dense: Literal["float32", "bfloat16"]
    other: Literal["float32", "bfloat16"]

    def of(self, *, is_dense: bool) -> DType:
        """The TensorFlow type in which gradients travel; `is_dense`: see `cost.is_dense`."""
        return tf.as_dtype(self.dense if is_dense else self.other)


def cotangent_types(precision: Precision) -> CotangentTypes:
    """Chooses the types of gradients; `auto` measures, once in a process.

    Two processes may measure differently where bfloat16 is little faster or the machine is
    busy. Processes that have to agree are given the choice of one of them.
    """
    if precision == "auto":
        dense: Literal["float32", "bfloat16"] = (
            "bfloat16" if bfloat16_is_worthwhile() else "float32"
        )
        return CotangentTypes(dense, "float32")
    return CotangentTypes(precision, precision)


@functools.cache
def bfloat16_is_worthwhile() -> bool:
    """Whether gradients in bfloat16 are faster on this machine and no worse.

    Measures a transposed convolution in both types, once in a process, in about 20 ms.
    On graphics processors float32 is kept: the masks of bfloat16 are made for the CPU.
    """
    if tf.config.list_logical_devices("GPU") or not bfloat16_adds_up_in_float32():
        return False
    times = [(_seconds(tf.bfloat16), _seconds(tf.float32)) for _ in range(_REPETITIONS)]
    # The shortest of several: other programs disturb, and only ever lengthen.
    shortest = [min(column) for column in zip(*times[1:], strict=True)]
    return bool(shortest[0] * _WORTHWHILE < shortest[1])


@functools.cache
def bfloat16_adds_up_in_float32() -> bool:
    """Whether convolutions in bfloat16 round only their inputs and outputs.

    Without AVX-512, or without oneDNN, TensorFlow's CPU rounds each sum, too, of which a
    gradient has thousands: then pictures differ by more than one level.
    """
    narrow, wide = (
        _transposed_convolution(dtype).numpy() for dtype in (tf.bfloat16, tf.float32)
    )
    error = abs(narrow.astype(wide.dtype) - wide).max() / abs(wide).max()
    return bool(error <= _ROUNDING)


def _seconds(dtype: DType) -> float:
    start = time.perf_counter()
    _transposed_convolution(dtype).numpy()
    return time.perf_counter() - start


def _transposed_convolution(dtype: DType) -> Value:
    """One of a middling size, of the same numbers in every type."""
    cotangent, kernel = _numbers(dtype)
    return tf.raw_ops.Conv2DBackpropInput(
        input_sizes=cotangent.shape,
        filter=kernel,
        out_backprop=cotangent,
        strides=[1, 1, 1, 1],
        padding="SAME",
    )


@functools.cache
def _numbers(dtype: DType) -> tuple[Value, Value]:
    """A cotangent and a kernel that bfloat16 can hold."""
    random = np.random.default_rng(0)
    shapes = ((2, 32, 32, 64), (3, 3, 64, 64))
    narrow = [tf.constant(random.random(shape), tf.bfloat16) for shape in shapes]
    return tf.cast(narrow[0], dtype), tf.cast(narrow[1], dtype)
