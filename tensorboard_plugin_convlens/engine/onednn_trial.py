"""A process that times convolutions: a line of CPU seconds for each line read.

The convolutions are those that gradients go back through in networks such as VGG16 and
ResNet50. The module imports TensorFlow alone, because the command that starts it is waiting. It
measures CPU time, which other programs on the machine change least.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import tensorflow as tf

_KINDS = (
    (tf.raw_ops.Conv2DBackpropInput, (8, 28, 28, 64), (3, 3, 64, 64)),
    (tf.raw_ops.Conv2DBackpropInput, (2, 14, 14, 512), (3, 3, 512, 512)),
    (tf.raw_ops.Conv2DBackpropInput, (8, 28, 28, 256), (1, 1, 256, 256)),
    (tf.raw_ops.DepthwiseConv2dNativeBackpropInput, (8, 28, 28, 64), (3, 3, 64, 1)),
)
"""(operation, shape of the images and of the cotangent, of the kernel)."""


def one_pass(kinds: list[tuple[Any, Any, Any]]) -> float:
    """CPU seconds of one convolution of each kind."""
    start = time.process_time()
    for function, images, kernel in kinds:
        function(
            input_sizes=images.shape,
            filter=kernel,
            out_backprop=images,
            strides=[1, 1, 1, 1],
            padding="SAME",
        ).numpy()
    return time.process_time() - start


def main() -> None:
    """Answers until its input ends."""
    kinds = [
        (function, tf.ones(images), tf.ones(kernel)) for function, images, kernel in _KINDS
    ]
    one_pass(kinds)  # The first one compiles.
    for _ in sys.stdin:
        print(one_pass(kinds), flush=True)


if __name__ == "__main__":
    main()
