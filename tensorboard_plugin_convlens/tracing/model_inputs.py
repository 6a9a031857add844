"""Input images in the form that the model takes them: one array, a list, or a dictionary.

A Keras model with one input takes an array `[batch, height, width, channel]`; a model with
several takes a list, a tuple or a dictionary by name. ConvLens keeps that form for the call of
the model, and a flat list of arrays for everything else, in the order in which Keras flattens:
dictionaries by key, `{"b": …, "a": …}` as `[a, b]`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import InputError

_COUNTED = re.compile(r"(keras_tensor|input_layer)(_\d+)?(CLONE)?")
"""Names that Keras makes up."""

ModelInputs = Any
"""An array `[batch, …]`, or a list, tuple or dictionary of them."""


def to_arrays(inputs: ModelInputs) -> list[NDArray[Any]]:
    """The arrays in `inputs`, in Keras' order (dictionaries by key).

    Floating point becomes `float32`, as Keras would do; integers stay what they are.

    Raises:
      InputError: If there is none, one is not numeric, or their batch sizes differ.
    """
    arrays = [_to_array(value) for value in keras.tree.flatten(inputs)]
    if not arrays:
        raise InputError("No input images were given; expected an array [batch, …].")
    sizes = {array.shape[0] for array in arrays}
    if len(sizes) > 1 or 0 in sizes:
        raise InputError(
            f"The inputs must hold the same number of images, at least one; got "
            f"{[array.shape[0] for array in arrays]}."
        )
    return arrays


def _to_array(value: Any) -> NDArray[Any]:
    array = np.asarray(value)
    if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
        raise InputError(
            f"An input has values of type {array.dtype}; expected numbers, such as float32."
        )
    if array.ndim < 2:
        raise InputError(
            f"An input has shape {array.shape}; expected [batch, …] with at least two axes."
        )
    return array.astype(np.float32) if array.dtype.kind not in "iub" else array


def one_image(inputs: ModelInputs, index: int) -> ModelInputs:
    """One image of the inputs, as a batch of one, in the form that the model takes."""
    arrays = iter([array[index : index + 1] for array in to_arrays(inputs)])
    return keras.tree.map_structure(lambda _: next(arrays), inputs)


def check_against(model: keras.Model, inputs: ModelInputs) -> None:
    """Compares shapes with those that the model declares, if any.

    Raises:
      InputError: If a shape does not fit; the text has both shapes.
    """
    declared = _declared_shapes(model, inputs)
    arrays = to_arrays(inputs)
    if declared is None:
        return
    if len(arrays) != len(declared):
        raise InputError(
            f"The model {model.name!r} takes {len(declared)} inputs; got {len(arrays)}."
        )
    for array, shape in zip(arrays, declared, strict=True):
        fits = len(shape) == array.ndim and all(
            wanted in (None, size)
            for wanted, size in zip(shape[1:], array.shape[1:], strict=True)
        )
        if not fits:
            raise InputError(
                f"An input of the model {model.name!r} has shape {array.shape}; expected "
                f"{('batch', *shape[1:])}, where None may be any size."
            )


def _declared_shapes(model: keras.Model, inputs: ModelInputs) -> list[Any] | None:
    """Shapes of the model's inputs in the order of `to_arrays`, or None if unknown."""
    tensors = getattr(model, "inputs", None)
    if not tensors:
        return None
    if isinstance(inputs, Mapping):
        by_name = {tensor.name: tensor.shape for tensor in tensors}
        keys = sorted(inputs)
        return [by_name[key] for key in keys] if set(keys) == set(by_name) else None
    return [tuple(tensor.shape) for tensor in tensors]


def input_names(model: keras.Model, inputs: ModelInputs) -> list[str]:
    """A name for each array of `to_arrays`: the dictionary's keys or those given to Keras.

    Keras counts inputs without a name through the whole process (`keras_tensor_42`,
    `input_layer_3` after a model was loaded), which would make two builds of one model differ:
    they are numbered within the model instead.
    """
    if isinstance(inputs, Mapping):
        return [str(key) for key in sorted(inputs)]
    count = len(keras.tree.flatten(inputs))
    tensors = getattr(model, "inputs", None) or ()
    given = [tensor.name for tensor in tensors] if len(tensors) == count else [""] * count
    numbered = ["input" if index == 0 else f"input_{index}" for index in range(count)]
    return [
        numbered[index] if not name or _COUNTED.fullmatch(name) else name
        for index, name in enumerate(given)
    ]


def to_signature(arrays: Sequence[NDArray[Any]]) -> list[tf.TensorSpec]:
    """One image of each input, as TensorFlow describes it."""
    return [tf.TensorSpec((1, *array.shape[1:]), array.dtype) for array in arrays]
