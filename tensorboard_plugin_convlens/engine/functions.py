"""Feature maps and guided gradients as plain functions of a model and images.

For people who want numbers, not captures: everything is float32, whole (not cropped), and not
quantized. The engine runs images one by one, `[4, 224, 224, 3]` as four of `[1, 224, 224, 3]`,
because it shares a forward pass among filters, not among images.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np

from tensorboard_plugin_convlens.core.errors import NoGradientError, UnknownLayerError
from tensorboard_plugin_convlens.core.records import FloatArray, Gradients, Target
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs, to_arrays


def feature_maps(model: keras.Model, inputs: ModelInputs, layer: str) -> FloatArray:
    """The feature maps of a convolution.

    Args:
      model: A built Keras 3 model on TensorFlow.
      inputs: An array `[batch, …]`, or a list or dictionary of arrays, as the model takes.
      layer: Keras path, `"block3_conv3"` or nested `"backbone/conv1"`; `"conv1#1"` is the
        second call of a shared layer.

    Returns:
      `float32 [batch, channel, height, width]`.

    Raises:
      ConvLensError: See `Engine`.

    Example:
      >>> feature_maps(model, images, "block3_conv3").shape           # doctest: +SKIP
      (4, 256, 56, 56)
    """
    engine, index = _engine(model, inputs, layer)
    return np.stack([engine.run(image).maps(index) for image in _images(inputs)])


def guided_gradients(
    model: keras.Model,
    inputs: ModelInputs,
    layer: str,
    channels: Sequence[int],
    *,
    target: Target = "max",
) -> FloatArray:
    """Guided gradients of some channels at the input (arXiv 1412.6806).

    Args:
      model: A built Keras 3 model on TensorFlow.
      inputs: An array `[batch, …]`, or a list or dictionary of arrays, as the model takes.
      layer: See `feature_maps`.
      channels: Which channels, in any order.
      target: The strongest unit of each feature map, or the sum over the map.

    Returns:
      `float32 [batch, len(channels), height, width, input_channel]` over the whole input.

    Raises:
      ConvLensError: See `Engine`.
      NoGradientError: If no gradient flows from the layer to an input; the text says why.
      IndexError: If the layer has no such channel.

    Example:
      >>> guided_gradients(model, images, "block3_conv3", [7, 42]).shape  # doctest: +SKIP
      (4, 2, 224, 224, 3)
    """
    engine, index = _engine(model, inputs, layer)
    count = engine.graph.layers[index].channels or 0
    for channel in channels:
        if not 0 <= channel < count:
            raise IndexError(
                f"The layer {layer!r} has the channels 0 to {count - 1}; got {channel}."
            )
    if obstacle := engine.obstacle(index):
        raise NoGradientError(f"The layer {layer!r} has no guided gradients: {obstacle}.")
    return np.stack(
        [_of_image(engine, index, image, channels, target) for image in _images(inputs)]
    )


def _engine(model: keras.Model, inputs: ModelInputs, layer: str) -> tuple[Engine, int]:
    engine = Engine(model, inputs, layers=[layer], precision="float32")
    exact = [index for index in engine.convolutions if engine.graph.layers[index].key == layer]
    if not exact and len(engine.convolutions) > 1:
        raise UnknownLayerError(f"{layer!r} names several convolutions; give one.")
    return engine, (exact or engine.convolutions)[0]


def _images(inputs: ModelInputs) -> list[ModelInputs]:
    """Batches of one."""
    count = to_arrays(inputs)[0].shape[0]
    return [
        keras.tree.map_structure(lambda array, i=index: np.asarray(array)[i : i + 1], inputs)
        for index in range(count)
    ]


def _of_image(
    engine: Engine, layer: int, image: ModelInputs, channels: Sequence[int], target: Target
) -> FloatArray:
    wanted = sorted(set(channels))
    blocks = engine.run(image).gradients(layer, target=target, channels=wanted)
    height, width = engine.frame(layer)
    frames = {
        channel: frame
        for block in blocks
        for channel, frame in zip(block.channels, to_frame(block, height, width), strict=True)
    }
    return np.stack([frames[channel] for channel in channels])


def to_frame(gradients: Gradients, height: int, width: int) -> FloatArray:
    """Puts crops in their places in the whole input.

    Returns:
      `float32 [channel, height, width, input_channel]`, zero outside the crops.
    """
    if not gradients.cropped:
        return gradients.values
    count, rows, columns, depth = gradients.values.shape
    frame = np.zeros((count, height, width, depth), np.float32)
    for index in range(count):
        top, left = int(gradients.top[index]), int(gradients.left[index])
        inside = (
            slice(max(top, 0), min(top + rows, height)),
            slice(max(left, 0), min(left + columns, width)),
        )
        frame[index][inside] = gradients.values[index][
            inside[0].start - top : inside[0].stop - top,
            inside[1].start - left : inside[1].stop - left,
        ]
    return frame
