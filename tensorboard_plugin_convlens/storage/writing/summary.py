"""Summary ops that put sheets into the event file itself.

TensorBoard keeps such values in memory, so use the callback or `capture` for anything
large; use this for a few layers, or if your setup collects only event files.

Example:
  >>> from tensorboard_plugin_convlens import summary
  >>> with tf.summary.create_file_writer("logs/run1").as_default():    # doctest: +SKIP
  ...     summary.filter_images("conv1", conv1(images), step=0, inputs=images)
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from tensorboard.compat.proto import summary_pb2
from tensorboard.util import tensor_util

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.pictures.input_images import derive_picture
from tensorboard_plugin_convlens.core.records import FloatArray, InputImage, Method
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.inputs_message import input_to_message
from tensorboard_plugin_convlens.storage.format.names import FORMAT_VERSION, PLUGIN_NAME
from tensorboard_plugin_convlens.storage.format.pack import HEADER
from tensorboard_plugin_convlens.storage.format.sealed import seal_packed_sheet, serialize
from tensorboard_plugin_convlens.storage.format.sheet_message import (
    method_to_message,
    sheet_to_message,
)
from tensorboard_plugin_convlens.storage.writing.sheet_writer import PackWriter


def filter_images(
    name: str,
    maps: ArrayLike,
    step: int,
    *,
    inputs: ArrayLike | None = None,
    labels: Sequence[str] | None = None,
) -> bool:
    """Writes feature maps to TensorFlow's default summary writer.

    Args:
      name: What the tab shows as the layer.
      maps: `[batch, height, width, channel]`, as a Keras layer returns them.
      step: The step, not negative.
      inputs: The input images, `[batch, height, width, channel]`, to be shown beside the maps.
      labels: A name for each input image.

    Returns:
      Whether it was written: False without a default writer, or if
      `tf.summary.record_if` forbids it.

    Raises:
      InputError: `maps` or `inputs` have another rank or length.

    Example:
      >>> with tf.summary.create_file_writer("logs/run1").as_default():  # doctest: +SKIP
      ...     filter_images("conv1", conv1(images), step=0, inputs=images)
    """
    from tensorboard.compat import tf2 as tf

    written = [
        bool(
            tf.summary.write(
                value.tag,
                tf.constant(list(value.tensor.string_val), tf.string),
                step=step,
                metadata=value.metadata,
            )
        )
        for value in filter_images_pb(name, maps, inputs=inputs, labels=labels).value
    ]
    return bool(written) and all(written)


def filter_images_pb(
    name: str,
    maps: ArrayLike,
    *,
    inputs: ArrayLike | None = None,
    labels: Sequence[str] | None = None,
) -> summary_pb2.Summary:
    """The same as a `Summary` proto, for writers other than TensorFlow's.

    Arguments and errors are those of `filter_images`.
    """
    values = np.asarray(maps, np.float32)
    if values.ndim != 4:
        raise InputError(
            f"Feature maps for {name!r} must be [batch, height, width, channel]; "
            f"got an array of shape {values.shape}."
        )
    pictures = None if inputs is None else np.asarray(inputs)
    for what, given in (("inputs", pictures), ("labels", labels)):
        if given is not None and len(given) != len(values):
            raise InputError(
                f"{what} for {name!r} must have one entry per map; got {len(given)} for "
                f"{len(values)}."
            )
    summary = summary_pb2.Summary()
    for index, one in enumerate(np.moveaxis(values, -1, 1)):
        label = labels[index] if labels is not None else f"input {index}"
        shown = () if pictures is None else (derive_picture(pictures[index]),)
        summary.value.append(_value(name, one, index, InputImage(label, shown)))
    return summary


def _value(
    name: str, maps: FloatArray, index: int, image: InputImage
) -> summary_pb2.Summary.Value:
    """One input image's sheet as a blob sequence of two: header and stored sheet."""
    method: Method = "activation"
    file = io.BytesIO()
    sheet = PackWriter(file, "").add_maps(np.ascontiguousarray(maps), input_index=index)
    stored = file.getvalue()[len(HEADER) :]
    header = pb.PackedSheet(
        sheet=sheet_to_message(dataclasses.replace(sheet, offset=0), 0),
        input=input_to_message(image),
    )
    data = pb.PluginData(
        format_version=FORMAT_VERSION,
        packed=pb.PackedTag(name=name, method=method_to_message(method), input=index),
    )
    return summary_pb2.Summary.Value(
        tag=f"{name}/{method}/{index}",
        tensor=tensor_util.make_tensor_proto([seal_packed_sheet(header), stored]),
        metadata=summary_pb2.SummaryMetadata(
            display_name=f"{name}, {image.label}",
            plugin_data=summary_pb2.SummaryMetadata.PluginData(
                plugin_name=PLUGIN_NAME, content=serialize(data)
            ),
            data_class=summary_pb2.DATA_CLASS_BLOB_SEQUENCE,
        ),
    )
