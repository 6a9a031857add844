from __future__ import annotations

import numpy as np

from tensorboard_plugin_convlens.core.records import Prediction


def test_the_likeliest_classes_come_first_and_the_others_are_summed_up():
    prediction = Prediction("output", np.asarray([0.1, 0.4, 0.1, 0.15, 0.25], np.float32))
    classes, others = prediction.likeliest(3)
    assert [index for index, _ in classes] == [1, 4, 3]
    assert classes[0][1] == np.float32(0.4)
    np.testing.assert_allclose(others, 0.2, rtol=1e-6)


def test_nan_counts_as_nothing():
    prediction = Prediction("output", np.asarray([np.nan, 0.5, np.inf], np.float32))
    assert prediction.likeliest(5) == ([(1, 0.5), (0, 0.0), (2, 0.0)], 0.0)
