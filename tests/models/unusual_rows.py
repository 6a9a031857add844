"""Rows of `docs/model_support.md` for models that compute in unusual ways."""

from __future__ import annotations

import tensorflow as tf
from keras import layers

from tests.models import unusual_models as models
from tests.models.model_rows import ROWS, Row

_OWN = "Custom gradients"
_COMPLEX = "Complex numbers"
_INNER = "Layers inside layers"

_SMALL = ((16, 16, 3),)
_WAVE = ((512,),)

UNUSUAL = (
    Row(
        _OWN,
        "`tf.recompute_grad` around blocks",
        models.blocks(tf.recompute_grad),
        _SMALL,
        reference=models.blocks(None),
    ),
    Row(
        _OWN,
        "`tf.recompute_grad` in another",
        models.blocks(models.twice),
        _SMALL,
        reference=models.blocks(None),
    ),
    Row(
        _OWN,
        "`tf.recompute_grad` around a model",
        models.subclassed(tf.recompute_grad),
        _SMALL,
        reference=models.subclassed(None),
    ),
    Row(
        _OWN,
        "`tf.custom_gradient` that computes anew",
        models.blocks(models.by_hand),
        _SMALL,
        reference=models.blocks(None),
    ),
    Row(
        _OWN,
        "`keras.RematScope`",
        models.in_scope("full"),
        _SMALL,
        reference=models.in_scope(None),
    ),
    Row(_OWN, "Straight-through estimator", models.binary, _SMALL),
    Row(_OWN, "`tf.custom_gradient` of another value", models.blocks(models.clipped), _SMALL),
    Row(_COMPLEX, "FFT beside a skip connection", models.spectral, _SMALL),
    Row(_COMPLEX, "`tf.signal.stft`", models.audio(models.Stft), _WAVE),
    Row(_COMPLEX, "`layers.MelSpectrogram`", models.audio(models.mel), _WAVE),
    Row(
        _INNER,
        "`activation=layers.ReLU()`",
        models.convolving(
            lambda: layers.Conv2D(6, 3, activation=layers.ReLU(), bias_initializer="normal"),
            lambda: layers.SeparableConv2D(6, 3, activation=layers.ReLU(6.0)),
            lambda: layers.DepthwiseConv2D(3, activation=layers.Activation("relu")),
            lambda: layers.Conv2DTranspose(4, 3, activation=layers.ReLU()),
        ),
        _SMALL,
    ),
    Row(
        _INNER,
        "A layer of normalization or padding in a subclass of Conv2D",
        models.convolving(
            lambda: models.Mirrored(6, 3, activation="hard_silu", bias_initializer="normal"),
            lambda: models.Mirrored(6, 3, activation="relu"),
            lambda: models.Normalizing(6, 3, activation="relu", bias_initializer="normal"),
            lambda: layers.Conv2D(4, 3),
        ),
        _SMALL,
    ),
    Row(
        _INNER,
        "`hard_silu` as an attribute of a block",
        models.convolving(models.HardBlock, lambda: layers.Conv2D(4, 3)),
        _SMALL,
    ),
    Row(_INNER, "A custom function that rectifies", models.own_functions, _SMALL),
    Row(_INNER, "A custom function that leaks", models.leaking_functions, _SMALL),
)

ALL_ROWS = (*ROWS, *UNUSUAL)
