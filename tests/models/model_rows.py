"""Every kind of model, rectifier and convolution that the engine is tested on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from tests.models.model_zoo import (
    Attention,
    Subclassed,
    activation,
    application,
    called,
    chain,
    compiled,
    dictionary,
    functional,
    gated,
    loaded,
    mixed,
    nested,
    nested_twice,
    over_time,
    pools,
    rectifier,
    regularized,
    sequential,
    several_inputs,
    several_outputs,
    shared,
    wrapped,
)
from tests.models.scarce_models import (
    channels_first,
    grouped_volumes,
    unequal,
    volumes_channels_first,
)


@dataclass(frozen=True)
class Row:
    """One row of `docs/model_support.md`.

    Attributes:
      section, name: Of the table and the row.
      build: Makes the model.
      shapes: Of one image of each input.
      tolerance: Largest difference from the oracle, as a share of the gradient's maximum.
      channels: How many channels of a convolution are compared.
      keys: Of the inputs, where they are a dictionary.
      reference: Makes the model that the oracle runs with the same weights; by default the
        model itself.
    """

    section: str
    name: str
    build: Callable[[], keras.Model]
    shapes: tuple[tuple[int, ...], ...] = ((32, 32, 3),)
    tolerance: float = 1e-5
    channels: int = 2
    keys: tuple[str, ...] = ()
    reference: Callable[[], keras.Model] | None = None

    def model(self) -> keras.Model:
        """The model, with the same weights every time."""
        keras.utils.set_random_seed(7)
        return self.build()

    def oracle_model(self, model: keras.Model) -> keras.Model:
        """The model that the oracle runs, with the weights of `model`."""
        if self.reference is None:
            return model
        reference = self.reference()
        reference.set_weights(model.get_weights())
        return reference

    def inputs(self) -> Any:
        """One image for each input."""
        random = np.random.default_rng(3)
        arrays = [random.normal(size=(1, *shape)).astype(np.float32) for shape in self.shapes]
        if self.keys:
            return dict(zip(self.keys, arrays, strict=True))
        return arrays if len(arrays) > 1 else arrays[0]


_KINDS = "Kinds of model"
_RECTIFIERS = "Activation functions"
_CONVOLUTIONS = "Convolutions and what lies between"
_APPLICATIONS = "keras.applications"

ROWS = (
    Row(_KINDS, "Functional, with a residual", functional),
    Row(_KINDS, "Sequential", sequential),
    Row(_KINDS, "Nested model", nested),
    Row(_KINDS, "Nested model called twice", nested_twice),
    Row(_KINDS, "Subclassed, layers in a list", lambda: called(Subclassed(), (32, 32, 3))),
    Row(_KINDS, "Layer with a `@tf.function` call", compiled),
    Row(_KINDS, "Shared layer, called three times", shared),
    Row(_KINDS, "Several inputs", several_inputs, ((32, 32, 3), (32, 32, 1))),
    Row(
        _KINDS, "Dictionary of inputs", dictionary, ((32, 32, 3), (4,)), keys=("color", "extra")
    ),
    Row(_KINDS, "Several outputs", several_outputs),
    Row(_KINDS, "Loaded from `.keras`", lambda: loaded(".keras")),
    Row(_KINDS, "Loaded from legacy `.h5`", lambda: loaded(".h5")),
    Row(_KINDS, "`mixed_float16`", lambda: mixed("mixed_float16"), tolerance=1e-2),
    Row(_KINDS, "`mixed_bfloat16`", lambda: mixed("mixed_bfloat16"), tolerance=5e-2),
    Row(_KINDS, "SpectralNormalization, LayerNormalization, noise", wrapped),
    Row(_KINDS, "TimeDistributed", over_time, ((4, 16, 16, 3),)),
    Row(_KINDS, "Activity regularizer", regularized),
    Row(_KINDS, "Squeeze and excitation", gated),
    Row(_KINDS, "Self-attention", lambda: called(Attention(), (32, 32, 3))),
    Row(_RECTIFIERS, '`activation="relu"`', activation("relu")),
    Row(_RECTIFIERS, "`activation=tf.nn.relu`", activation(tf.nn.relu)),
    Row(_RECTIFIERS, '`activation="relu6"`', activation("relu6")),
    Row(_RECTIFIERS, "`layers.ReLU`", rectifier(layers.ReLU)),
    Row(
        _RECTIFIERS, '`layers.Activation("relu")`', rectifier(lambda: layers.Activation("relu"))
    ),
    Row(_RECTIFIERS, "`keras.ops.relu`", rectifier(lambda: ops.relu)),
    Row(
        _RECTIFIERS,
        "`tf.nn.relu` in a Lambda",
        rectifier(lambda: layers.Lambda(lambda x: tf.nn.relu(x))),
    ),
    Row(_RECTIFIERS, "ReLU6, `layers.ReLU(6)`", rectifier(lambda: layers.ReLU(6.0))),
    Row(
        _RECTIFIERS,
        "Capped, `layers.ReLU(max_value=2)`",
        rectifier(lambda: layers.ReLU(max_value=2.0)),
    ),
    Row(_RECTIFIERS, "PReLU", rectifier(lambda: layers.PReLU("uniform"))),
    Row(_RECTIFIERS, "LeakyReLU", rectifier(layers.LeakyReLU)),
    Row(
        _RECTIFIERS,
        "`layers.ReLU(negative_slope, max_value, threshold)`",
        rectifier(lambda: layers.ReLU(2.0, 0.1, 0.2)),
    ),
    Row(
        _RECTIFIERS,
        "`keras.ops.maximum(x, 0)`",
        rectifier(lambda: lambda x: ops.maximum(x, 0.0)),
    ),
    Row(_RECTIFIERS, "ELU", rectifier(layers.ELU)),
    Row(_RECTIFIERS, "SiLU", rectifier(lambda: layers.Activation("silu"))),
    Row(_RECTIFIERS, "GELU", rectifier(lambda: layers.Activation("gelu"))),
    Row(_RECTIFIERS, "Hard SiLU", rectifier(lambda: layers.Activation("hard_silu"))),
    Row(
        _RECTIFIERS,
        "tanh, sigmoid, softplus",
        chain(
            (32, 32, 3),
            lambda: layers.Conv2D(8, 3, activation="tanh"),
            lambda: layers.Conv2D(8, 3, activation="sigmoid"),
            lambda: layers.Conv2D(8, 3, activation="softplus"),
        ),
    ),
    Row(
        _CONVOLUTIONS,
        "Conv1D: causal, dilated, pooled",
        chain(
            (64, 4),
            lambda: layers.Conv1D(8, 5, activation="relu", padding="causal"),
            lambda: layers.MaxPooling1D(2),
            lambda: layers.Conv1D(8, 3, activation="relu", dilation_rate=2),
            lambda: layers.SeparableConv1D(8, 3, activation="relu"),
            lambda: layers.Conv1DTranspose(4, 3, strides=2, activation="relu"),
            lambda: layers.DepthwiseConv1D(3, activation="relu"),
        ),
        ((64, 4),),
    ),
    Row(
        _CONVOLUTIONS,
        "Conv3D, pooled and transposed",
        chain(
            (8, 16, 16, 1),
            lambda: layers.Conv3D(4, 3, activation="relu"),
            lambda: layers.MaxPooling3D((1, 2, 2)),
            lambda: layers.Conv3D(4, 3, activation="relu"),
            lambda: layers.AveragePooling3D(2),
            lambda: layers.Conv3DTranspose(3, 2, activation="relu"),
        ),
        ((8, 16, 16, 1),),
    ),
    Row(
        _CONVOLUTIONS,
        "Depthwise and separable",
        chain(
            (32, 32, 3),
            lambda: layers.DepthwiseConv2D(3, depth_multiplier=2, activation="relu"),
            lambda: layers.SeparableConv2D(8, 3, activation="relu"),
            lambda: layers.DepthwiseConv2D(3, strides=2, activation="relu"),
        ),
    ),
    Row(
        _CONVOLUTIONS,
        "Grouped, dilated, strided",
        chain(
            (32, 32, 4),
            lambda: layers.Conv2D(8, 3, groups=2, activation="relu"),
            lambda: layers.Conv2D(8, 3, dilation_rate=2, activation="relu"),
            lambda: layers.Conv2D(8, 3, groups=8, activation="relu"),
            lambda: layers.Conv2D(8, (3, 1), strides=(2, 1), padding="same", activation="relu"),
        ),
        ((32, 32, 4),),
    ),
    Row(
        _CONVOLUTIONS,
        "Conv2DTranspose, UpSampling2D",
        chain(
            (16, 16, 3),
            lambda: layers.Conv2D(8, 3, strides=2, activation="relu", padding="same"),
            lambda: layers.Conv2DTranspose(4, 3, strides=2, activation="relu", padding="same"),
            lambda: layers.UpSampling2D(interpolation="nearest"),
            lambda: layers.Conv2D(3, 3, activation="relu"),
            lambda: layers.UpSampling2D(interpolation="bilinear"),
            lambda: layers.Conv2D(3, 3, activation="relu"),
        ),
        ((16, 16, 3),),
    ),
    Row(
        _CONVOLUTIONS,
        "`channels_first`",
        chain(
            (3, 16, 16),
            lambda: layers.Conv2D(8, 3, activation="relu", data_format="channels_first"),
            lambda: layers.Conv2D(8, 3, activation="relu", data_format="channels_first"),
        ),
        ((3, 16, 16),),
    ),
    Row(
        _CONVOLUTIONS,
        "`channels_first`: groups, pooling, normalization, upsampling",
        channels_first,
        ((4, 24, 24),),
    ),
    Row(
        _CONVOLUTIONS,
        "Conv3D, `channels_first`: groups, pooling",
        volumes_channels_first,
        ((4, 8, 12, 12),),
    ),
    Row(_CONVOLUTIONS, "Conv3D, grouped", grouped_volumes, ((8, 12, 12, 4),)),
    Row(
        _CONVOLUTIONS,
        "Conv2DTranspose, dilated; DepthwiseConv2D of unequal strides",
        unequal,
        ((16, 16, 3),),
    ),
    Row(_CONVOLUTIONS, "Pooling of every kind, padding", pools, ((33, 31, 3),)),
    Row(
        _CONVOLUTIONS,
        "Gray images without a channel axis",
        chain(
            (28, 28),
            lambda: layers.Reshape((28, 28, 1)),
            lambda: layers.Conv2D(4, 3, activation="relu"),
        ),
        ((28, 28),),
    ),
    *(
        Row(_APPLICATIONS, name, application(name, size), ((size, size, 3),), channels=1)
        for name, size in (
            ("ResNet50V2", 64),
            ("MobileNetV2", 64),
            ("MobileNetV3Small", 64),
            ("DenseNet121", 64),
            ("EfficientNetB0", 64),
            ("ConvNeXtTiny", 64),
            ("InceptionV3", 96),
        )
    ),
)
