"""Hashes of layers are the same in every process, and others where the network is another."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HASHES = """
import json, sys
import keras, numpy as np, tensorflow as tf
from keras import layers
from tensorboard_plugin_convlens.engine.engine import Engine

def straight_through(scale):
    @tf.custom_gradient
    def rounded(x):
        return tf.round(x), lambda upstream: scale * upstream
    return rounded

KINDS = {
    "silu": lambda _: layers.Activation("silu"),
    "straight through": lambda factor: layers.Lambda(straight_through(factor)),
}
kind, factor, more = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
for _ in range(more):  # What the process has made before sets TensorFlow's numbers.
    graph = tf.function(lambda x: tf.nn.silu(straight_through(1.0)(x)))
    graph(tf.ones((1, 2)))
keras.utils.set_random_seed(0)
layer = KINDS[kind](factor)
model = keras.Sequential([
    keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="a"), layer, layers.Conv2D(4, 3, name="b"),
])
images = np.ones((1, 8, 8, 3), np.float32)
engine = Engine(model, images)
found = engine.hashes("0" * 64, engine.values())
print(json.dumps([one.lineage for one in found.values()]))
"""


def hashes(kind: str, factor: float, *, made_before: int = 0) -> list[str]:
    """The lineage of every convolution, in a process of its own."""
    arguments = [sys.executable, "-c", HASHES, kind, str(factor), str(made_before)]
    done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    assert all(found)
    return found


@pytest.mark.parametrize("kind", ["silu", "straight through"])
def test_the_hashes_of_a_network_are_the_same_in_another_process(kind):
    assert hashes(kind, 2.0) == hashes(kind, 2.0, made_before=3)


def test_another_gradient_is_another_hash():
    # Keras' configuration of a Lambda holds the code, not what the code refers to.
    assert hashes("straight through", 2.0)[1] != hashes("straight through", 3.0)[1]
