"""Smaller models: filters are cut out together with everything that only carries their channel.

Removing filter i of a layer means that its channel is zero wherever channels are mixed next,
in the following convolution or dense layer. The normalization, activation, pooling and
depthwise filters in between only carry the channel and go with it. `mask_filters` makes a
model of the old size with those zeros, `prune_filters` one without the channels; both compute
the same.
Li et al. 2017, https://arxiv.org/abs/1608.08710, section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from tensorboard_plugin_convlens.core.errors import InputError, UnsupportedModelError
from tensorboard_plugin_convlens.core.judgments.mask import FilterMask
from tensorboard_plugin_convlens.pruning.channel_rules import (
    CARRYING,
    DEPTHWISE,
    MERGING,
    MIXING,
    OVER_CHANNELS,
    Channels,
    carried,
    channel_axis,
    concatenated,
    flattened,
    merged,
    refuse,
)
from tensorboard_plugin_convlens.pruning.cut_layers import smaller
from tensorboard_plugin_convlens.tracing.activation_names import activation_function

Apply = Callable[[Any, list[Any], list[Channels], Channels], Any]
"""(layer, its inputs, their channels, those of its output) → its output."""


def prune_filters(model: keras.Model, mask: FilterMask) -> keras.Model:
    """A smaller copy of a model, without the filters that a mask removes.

    Works on Functional and Sequential models, also nested ones, of convolutions, dense layers,
    normalization, activation, pooling, padding, `Flatten`, `Concatenate` and sums; in a
    residual network on the filters inside the blocks, and on those before a sum where every
    layer that enters it loses the same ones.

    Args:
      model: The model, which stays unchanged.
      mask: By Keras path.

    Returns:
      A model with weights of its own, compiled as `model` is.

    Raises:
      InputError: The mask names a layer or a filter that the model does not have.
      UnsupportedModelError: The model is subclassed, a layer would lose all of its filters,
        or removed channels reach a layer from which they cannot be cut; the text names
        it.
    """
    made: dict[int, tuple[Any, list[Channels]]] = {}

    def apply(
        operation: Any, tensors: list[Any], found: list[Channels], after: Channels
    ) -> Any:
        known = made.get(id(operation))
        if known is None:
            layer = smaller(operation, tensors, found, after)
            made[id(operation)] = layer, found
            return layer(tensors if len(tensors) > 1 else tensors[0])
        layer, before = known
        if any(not np.array_equal(a.keep, b.keep) for a, b in zip(found, before, strict=True)):
            refuse(operation, "is called several times with different channels removed")
        return layer(tensors if len(tensors) > 1 else tensors[0])

    return _Walk(mask, apply).run(model)


def mask_filters(model: keras.Model, mask: FilterMask) -> keras.Model:
    """The model as it would be without the filters that a mask removes, in its old size.

    Its layers are those of `model`, not copies: it changes when `model` is trained further.

    Args:
      model: See `prune_filters`.
      mask: By Keras path.

    Raises:
      InputError, UnsupportedModelError: As for `prune_filters`.
    """

    def apply(
        operation: Any, tensors: list[Any], found: list[Channels], after: Channels
    ) -> Any:
        if type(operation).__name__ in MIXING:
            tensors = [_zeroed(tensor, one) for tensor, one in zip(tensors, found, strict=True)]
        return operation(tensors if len(tensors) > 1 else tensors[0])

    return _Walk(mask, apply).run(model)


def _zeroed(tensor: Any, channels: Channels) -> Any:
    if channels.is_whole:
        return tensor
    shape = [1] * len(tensor.shape)
    shape[channels.axis] = len(channels.keep)
    keep = channels.keep.reshape(shape).astype(tensor.dtype)
    return keras.layers.Rescaling(keep.tolist(), dtype=tensor.dtype)(tensor)


class _Walk:
    """Goes through a model once, from the input, and tracks which channels are left."""

    def __init__(self, mask: FilterMask, apply: Apply) -> None:
        self._mask = mask
        self._apply = apply
        self._found: dict[int, Channels] = {}
        self._alive: list[Any] = []  # An id is only good while its tensor lives.
        self._named: set[str] = set()

    def run(self, model: keras.Model) -> keras.Model:
        """The model that `apply` makes of each layer."""
        made = self._rebuild(model, "", None)
        missing = sorted(set(self._mask.layers) - self._named)
        if missing:
            raise InputError(
                f"The mask names the layer {missing[0][:200]!r}, which the model does not have "
                "or which has no filters."
            )
        for tensor in keras.tree.flatten(made.outputs):
            if not self._channels(tensor).is_whole:
                raise UnsupportedModelError(
                    "The model cannot be made smaller: an output of the model would lose "
                    "channels. Take the last layer before it out of the mask."
                )
        if model.compiled and not made.compiled:
            made.compile_from_config(model.get_compile_config())
        return made

    def _rebuild(self, model: Any, prefix: str, inputs: list[Any] | None) -> Any:
        """A Functional or Sequential model, on new inputs."""
        if not hasattr(model, "layers") or not getattr(model, "inputs", None):
            raise UnsupportedModelError(
                f"The model {model.name[:200]!r} ({type(model).__name__}) cannot be made "
                "smaller: only Functional and Sequential models say how their layers are "
                "connected."
            )
        if isinstance(model, keras.Sequential):
            model = keras.Model(model.inputs[0], model.outputs[0], name=model.name)
        given = None
        if inputs is not None:
            new = iter(inputs)
            given = keras.tree.map_structure(lambda _: next(new), model.input)

        def call(operation: Any, *arguments: Any, **named: Any) -> Any:
            return self._call(operation, f"{prefix}{operation.name}", arguments)

        return keras.models.clone_model(
            model, input_tensors=given, clone_function=lambda one: one, call_function=call
        )

    def _call(self, operation: Any, path: str, arguments: tuple[Any, ...]) -> Any:
        tensors = [one for one in keras.tree.flatten(arguments) if _is_tensor(one)]
        found = [self._channels(one) for one in tensors]
        if isinstance(operation, keras.Model):
            return self._call_model(operation, path, arguments, found)
        after = self._after(operation, path, tensors, found)
        if after is None:  # Nothing is removed here: the layer is called as it was.
            return operation(*arguments)
        result = self._apply(operation, tensors, found, after)
        self._note(result, after)
        return result

    def _call_model(
        self, model: Any, path: str, arguments: tuple[Any, ...], found: list[Channels]
    ) -> Any:
        """A nested model is rebuilt on inputs of the present channels."""
        outer = [one for one in keras.tree.flatten(arguments) if _is_tensor(one)]
        inner = [keras.Input(batch_shape=one.shape, dtype=one.dtype) for one in outer]
        for tensor, channels in zip(inner, found, strict=True):
            self._note(tensor, channels)
        rebuilt = self._rebuild(model, f"{path}/", inner)
        results = rebuilt(*arguments)
        pairs = zip(
            keras.tree.flatten(results), keras.tree.flatten(rebuilt.outputs), strict=True
        )
        for tensor, inside in pairs:
            self._note(tensor, self._channels(inside))
        return results

    def _after(
        self, operation: Any, path: str, tensors: list[Any], found: list[Channels]
    ) -> Channels | None:
        """The channels of the output; None for a layer that is not understood, if it may."""
        kind = type(operation).__name__
        if kind in MIXING:
            return self._mixed(operation, path, found[0])
        if kind in DEPTHWISE:
            return self._depthwise(operation, path, tensors[0], found[0])
        if kind in CARRYING:
            return carried(operation, found[0], len(tensors[0].shape))
        if kind in MERGING and len(found) > 1:
            return merged(operation, found)
        if kind == "Concatenate":
            return concatenated(operation, found, len(tensors[0].shape))
        if kind == "Flatten":
            return flattened(found[0], _places(tensors[0].shape, found[0].axis))
        if any(not one.is_whole for one in found):
            refuse(
                operation, "reads channels that would be removed, and ConvLens does not know it"
            )
        return None

    def _mixed(self, operation: Any, path: str, before: Channels) -> Channels:
        filters = int(getattr(operation, "filters", 0) or getattr(operation, "units", 0))
        keep = self._wanted(path, filters)
        axis = -1 if type(operation).__name__ == "Dense" else channel_axis(operation)
        after = Channels(keep, axis)
        if getattr(operation, "groups", 1) > 1 and not (before.is_whole and after.is_whole):
            refuse(operation, "is a grouped convolution")
        if activation_function(operation) in OVER_CHANNELS and not after.is_whole:
            refuse(operation, "has an activation function that works across channels")
        if not keep.any():
            refuse(operation, f"would lose all of its {filters} filters; keep at least one")
        return after

    def _depthwise(self, operation: Any, path: str, tensor: Any, before: Channels) -> Channels:
        after = carried(operation, before, len(tensor.shape))
        keep = self._wanted(path, len(after.keep))
        if (after.keep & ~keep).any():
            refuse(
                operation,
                "cannot lose filters by itself: mask the filters that it reads, too",
            )
        return after

    def _wanted(self, path: str, filters: int) -> Any:
        self._named.add(path)
        keep = self._mask.layers.get(path)
        if keep is None:
            return np.ones(filters, np.bool_)
        if len(keep) != filters:
            raise InputError(
                f"The mask of layer {path[:200]!r} is for {len(keep)} filters; the layer has "
                f"{filters}. It belongs to another model."
            )
        return keep

    def _note(self, tensor: Any, channels: Channels) -> None:
        self._alive.append(tensor)
        self._found[id(tensor)] = channels

    def _channels(self, tensor: Any) -> Channels:
        known = self._found.get(id(tensor))
        if known is not None:
            return known
        last = tensor.shape[-1] if len(tensor.shape) > 1 else 1
        return Channels(np.ones(int(last or 1), np.bool_))


def _places(shape: tuple[int, ...], axis: int) -> int:
    """The number of units of each channel of a tensor `[batch, …]`."""
    sizes = list(shape)
    del sizes[axis]
    return int(np.prod(sizes[1:]))


def _is_tensor(value: Any) -> bool:
    return isinstance(value, keras.KerasTensor)
