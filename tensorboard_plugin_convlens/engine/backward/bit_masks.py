"""Bit masks over cotangents, in the form that is fastest for their type.

Processors have no arithmetic for bfloat16: every product is widened to float32 and narrowed
again. A bfloat16 is a sign, 8 bits of exponent and 7 of fraction (the upper half of a float32).
Its bits, taken as a 16-bit integer, are as large or small, positive or negative, as the number
itself:

    1.5 = 0x3FC0 = 16320      2.0 = 0x4000 = 16384      -1.5 = 0xBFC0 = -16448

So a mask is a bitwise "and", with -1 (all bits) where gradient passes and 0 elsewhere, and a
rectifier is `max(bits, 0)`. Both are exact, and twice as fast. Negative numbers come in the
wrong order as integers; nothing here compares two of them.

In float32, a mask is a factor, 1 or 0. All shapes are those of cotangents,
`[filter, 1, height, width, channel]`, and of masks that are broadcast to them.
"""

from __future__ import annotations

import tensorflow as tf

from tensorboard_plugin_convlens.tracing.types import DType, Value


def to_bit_mask(passes: Value, dtype: DType) -> Value:
    """For `masked`: where `passes` is true, everything goes through; elsewhere nothing.

    Args:
      passes: A boolean tensor.
      dtype: The type of the cotangents that will be masked.
    """
    if dtype == tf.bfloat16:
        return tf.where(passes, tf.constant(-1, tf.int16), tf.constant(0, tf.int16))
    return tf.cast(passes, dtype)


def to_limit(passes: Value, dtype: DType) -> Value:
    """For `limited`: where `passes` is true, no limit; elsewhere zero. See `to_bit_mask`."""
    # The guided gate is one operation, clip(g, 0, limit): a limit of 0 leaves nothing, and none
    # is larger than the largest number of the type. As an integer this is a NaN, so infinity
    # passes, too.
    kind = tf.int16 if dtype == tf.bfloat16 else dtype
    return tf.where(passes, tf.constant(kind.max, kind), tf.constant(0, kind))


def masked(cotangent: Value, mask: Value) -> Value:
    """The cotangent where the mask lets it through, else zero; shapes are broadcast."""
    if cotangent.dtype != tf.bfloat16:
        return cotangent * mask
    bits = tf.bitwise.bitwise_and(tf.bitcast(cotangent, tf.int16), mask)
    return tf.bitcast(bits, tf.bfloat16)


def positive(cotangent: Value) -> Value:
    """The positive part of a cotangent."""
    if cotangent.dtype != tf.bfloat16:
        return tf.nn.relu(cotangent)
    return tf.bitcast(tf.nn.relu(tf.bitcast(cotangent, tf.int16)), tf.bfloat16)


def limited(cotangent: Value, limit: Value) -> Value:
    """The positive part of a cotangent, as far as the limit allows."""
    if cotangent.dtype != tf.bfloat16:
        return _clip(cotangent, limit)
    return tf.bitcast(_clip(tf.bitcast(cotangent, tf.int16), limit), tf.bfloat16)


def _clip(values: Value, limit: Value) -> Value:
    if values.shape != limit.shape:
        # One limit for many filters. Operations on equal shapes are vectorized, broadcasting
        # ones are not: copying first takes half the time of a rectifier and a minimum.
        limit = tf.broadcast_to(limit, values.shape)
    zero = tf.constant(0, values.dtype)
    return tf.raw_ops.ClipByValue(t=values, clip_value_min=zero, clip_value_max=limit)
