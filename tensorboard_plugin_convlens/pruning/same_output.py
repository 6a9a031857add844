"""Whether two models compute the same."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from tensorboard_plugin_convlens.core.errors import UnsupportedModelError

_SIDE = 64
"""The length of the noise along axes whose size the model leaves open."""

_TRUSTED = 1e-4


def largest_difference(one: keras.Model, other: keras.Model) -> float:
    """The difference between the outputs of two models for noise.

    Returns:
      The largest absolute difference of any output, as a share of the largest output.

    Raises:
      UnsupportedModelError: It is above 1e-4, so one of them cannot be trusted.
    """
    random = np.random.default_rng(0)
    shapes = [[size or _SIDE for size in tensor.shape[1:]] for tensor in other.inputs]
    noise = [random.uniform(size=(2, *shape)).astype(np.float32) for shape in shapes]
    found, expected = _outputs(one, noise), _outputs(other, noise)
    largest = max(float(np.abs(value).max()) for value in expected) or 1.0
    difference = max(float(np.abs(a - b).max()) for a, b in zip(found, expected, strict=True))
    if not difference <= _TRUSTED * largest:
        raise UnsupportedModelError(
            "ConvLens did not write the smaller model: it does not compute what the old one "
            "does with the removed channels at zero (difference "
            f"{difference / largest:.1e} of the largest output). Please report the layers of "
            "the model."
        )
    return difference / largest


def _outputs(model: keras.Model, inputs: list[Any]) -> list[Any]:
    results = model(inputs if len(inputs) > 1 else inputs[0], training=False)
    return [np.asarray(value, np.float64) for value in keras.tree.flatten(results)]
