"""The demo's training on handwritten digits."""

from __future__ import annotations

import keras

from tensorboard_plugin_convlens.cli import demo_digits
from tensorboard_plugin_convlens.recording.callback import ConvLensCallback


def train(*callbacks):
    keras.utils.set_random_seed(7)
    images, classes = demo_digits.load_images()
    model = demo_digits.build_model()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images, classes, batch_size=32, epochs=2, verbose=0, callbacks=list(callbacks))
    return [weights.tobytes() for weights in model.get_weights()]


def test_the_digits_network_ends_with_the_same_weights_with_and_without_the_callback(tmp_path):
    images, _ = demo_digits.load_images()
    methods = ("activation", "guided", "gradient", "kernel")
    watched = ConvLensCallback(tmp_path, images[:6], methods=methods, budget=None)

    assert train() == train(watched)
