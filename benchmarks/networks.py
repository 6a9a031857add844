"""The networks and the photograph that the engine is measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data

from tensorboard_plugin_convlens.cli.demo_vgg16 import load_vgg16
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.loading.photographs import preprocess

Images = NDArray[np.float32]


@dataclass(frozen=True)
class Network:
    """A network and the layers of it whose filters are timed one by one.

    Attributes:
      title: As it is printed.
      application: Its name in `keras.applications`.
      load: Makes the model.
      side: Of the photograph, in pixels.
      preprocessing: As in `keras.applications`.
      layers: An earlier and a late one.
    """

    title: str
    application: str
    load: Callable[[], keras.Model]
    side: int
    preprocessing: str
    layers: tuple[str, str]

    def photograph(self) -> Images:
        """`[1, side, side, 3]`: scikit-image's cat, as the network takes it."""
        picture = Image.fromarray(data.chelsea()).resize((self.side, self.side))
        return np.asarray(preprocess(np.asarray(picture)[None], self.preprocessing), np.float32)


def _mobilenet() -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.applications.MobileNetV2(
        weights=None, include_top=False, input_shape=(160, 160, 3)
    )


NETWORKS = {
    "vgg16": Network(
        "VGG16, 224 px, trained",
        "VGG16",
        load_vgg16,
        224,
        "vgg16",
        ("block3_conv3", "block5_conv3"),
    ),
    "mobilenet_v2": Network(
        "MobileNetV2, 160 px, random weights",
        "MobileNetV2",
        _mobilenet,
        160,
        "mobilenet_v2",
        ("block_6_project", "block_16_project"),
    ),
}


def index_of(engine: Engine, key: str) -> int:
    """Index of a layer in the model graph."""
    return next(one for one in engine.convolutions if engine.graph.layers[one].key == key)


def live_channels(maps: NDArray[np.float32], most: int) -> list[int]:
    """Up to `most` channels with a positive unit, spread over all of them."""
    live = np.flatnonzero((maps > 0).any(axis=(1, 2)))
    if len(live) <= most:
        return [int(one) for one in live]
    return [int(live[one]) for one in np.linspace(0, len(live) - 1, most).astype(int)]
