"""Names of the types in a traced graph.

TensorFlow has no type hints, so to mypy each of these is `Any` or `int`. The names distinguish
several things: a symbolic tensor, which has no value, or the value that it takes for
one image.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Tensor: TypeAlias = Any
"""A symbolic tensor of a traced graph, a `tf.Tensor` without a value. Its first axis is the
batch, which is one: feature maps are `[1, height, width, channel]`, or
`[1, channel, height, width]` in models that keep channels first."""

Operation: TypeAlias = Any
"""A node of a traced graph, a `tf.Operation`: it reads the tensors `inputs` and makes the
tensors `outputs`."""

Value: TypeAlias = Any
"""What a symbolic tensor is for one input image: an eager `tf.Tensor` of the tensor's shape."""

TensorId: TypeAlias = int
"""`id()` of a symbolic tensor or of an operation. Tables by tensor use it as their key, for
`==` of symbolic tensors makes another tensor, and `hash()` refuses."""

DType: TypeAlias = Any
"""The type of the numbers of a tensor, a `tf.DType`: `tf.float32`, `tf.bfloat16`."""
