from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from tensorboard_plugin_convlens.core.errors import UnsupportedModelError
from tensorboard_plugin_convlens.pruning.same_output import largest_difference


def model(factor: float) -> keras.Model:
    image, extra = keras.Input((None, None, 3)), keras.Input((4,))
    pooled = layers.GlobalAveragePooling2D()(layers.Rescaling(factor)(image))
    return keras.Model([image, extra], [pooled, layers.Rescaling(2.0)(extra)])


def test_models_that_compute_the_same_differ_by_rounding_alone():
    assert largest_difference(model(0.5), model(0.5)) == 0
    assert 0 < largest_difference(model(0.5 + 1e-6), model(0.5)) < 1e-5


@pytest.mark.parametrize("factor", [0.6, np.nan])
def test_models_that_compute_something_else_are_refused(factor: float):
    with pytest.raises(UnsupportedModelError, match="does not compute what the old one does"):
        largest_difference(model(factor), model(0.5))
