"""`LayerTraits` records to protobuf messages and back: a part of a file of traits."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import FloatArray, LayerTraits
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb

LARGEST_TRAITS = 512 * 2**20
"""Bytes of arrays in a file. ResNet152 and EfficientNetB7 take some 300 MiB."""
_FLOAT = np.dtype("<f4")


def traits_to_message(traits: LayerTraits) -> pb.LayerTraits:
    """The message of the traits of a layer."""
    kernels = traits.kernels
    return pb.LayerTraits(
        layer=traits.layer,
        kernels_shape=() if kernels is None else kernels.shape,
        kernels=b"" if kernels is None else kernels.astype(_FLOAT, copy=False).tobytes(),
        profiles_shape=traits.profiles.shape,
        profiles=traits.profiles.astype(_FLOAT, copy=False).tobytes(),
    )


def traits_from_message(message: pb.LayerTraits) -> LayerTraits:
    """The inverse of `traits_to_message`.

    Raises:
      FormatError: The bytes of an array do not match its shape.
    """
    kernels = None
    if message.kernels_shape:
        kernels = _array(message.kernels, message.kernels_shape, 4, message.layer)
    profiles = _array(message.profiles, message.profiles_shape, 2, message.layer)
    return LayerTraits(message.layer, kernels, profiles)


def _array(content: bytes, shape: Iterable[int], axes: int, layer: int) -> FloatArray:
    """An array with this number of axes. Raises `FormatError` if its bytes do not match."""
    sizes = tuple(shape)
    values = np.frombuffer(content, _FLOAT, len(content) // 4)
    count = 1
    for size in sizes:
        count *= size  # Python's whole numbers do not overflow.
    if len(sizes) != axes or min(sizes) < 0 or count * 4 != len(content):
        raise FormatError(
            f"The traits of layer {layer} are damaged: {len(content)} bytes, of the shape "
            f"{str(sizes)[:80]}."
        )
    return values.reshape(sizes)
