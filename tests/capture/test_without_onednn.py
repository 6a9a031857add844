"""The engine in a process in which TensorFlow does not use oneDNN."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

_SCRIPT = """
import sys
import numpy as np
from tensorboard_plugin_convlens.capture.functions import feature_maps, guided_gradients
from tests.capture.model_rows import ROWS
row = next(row for row in ROWS if row.name == sys.argv[1])
model, inputs = row.model(), row.inputs()
key = sys.argv[2]
maps = feature_maps(model, inputs, key)
found = {"maps": maps}
for target in ("max", "sum"):
    found[target] = guided_gradients(model, inputs, key, [0, 1, 2], target=target)
np.savez(sys.argv[3], **found)
"""


def results(path, row, key, onednn):
    """Maps and guided gradients of a layer, computed in a process of its own."""
    environment = os.environ | {"TF_ENABLE_ONEDNN_OPTS": onednn, "PYTHONPATH": os.getcwd()}
    command = [sys.executable, "-c", _SCRIPT, row, key, str(path)]
    subprocess.run(command, check=True, env=environment, capture_output=True)
    with np.load(path) as found:
        return dict(found)


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ("Grouped, dilated, strided", "conv2d_3"),
        ("Depthwise and separable", "depthwise_conv2d_1"),
    ],
)
def test_results_are_those_with_onednn(tmp_path, row, key):
    with_it = results(tmp_path / "with.npz", row, key, "1")
    without = results(tmp_path / "without.npz", row, key, "0")
    for name, expected in with_it.items():
        assert abs(expected).max() > 0
        np.testing.assert_allclose(
            without[name], expected, rtol=0, atol=1e-5 * abs(expected).max()
        )
