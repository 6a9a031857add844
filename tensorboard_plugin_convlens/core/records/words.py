"""Types of arrays, and the words that fields may have."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

IntArray = NDArray[np.int32]

Method = Literal["activation", "guided", "gradient", "kernel"]
"""What a sheet shows: feature maps, guided gradients, plain gradients or kernels."""

Form = Literal["values", "magnitude"]
"""`values`: the numbers themselves; `magnitude`: their size per pixel, reduced for tiles."""

ColorOrder = Literal["rgb", "bgr"]
"""Which way round the three color channels of a model's input images are."""

Target = Literal["max", "sum"]
"""What is differentiated: the strongest unit of the feature map, or the sum over it."""

ActivationStage = Literal["before", "after", "none"]
"""Whether a layer's output is taken before or after its activation function.

`after`: the layer applies one itself (`activation="relu"`); `before`: a later layer does
(`Conv2D`, `BatchNormalization`, `ReLU`); `none`: nothing follows before the next
convolution or the model's end.
"""
