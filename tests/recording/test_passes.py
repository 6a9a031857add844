"""A capture does once what it has to do once: per layer and image, or per weights."""

from __future__ import annotations

from collections import Counter

import keras
import numpy as np
from keras import layers

from tensorboard_plugin_convlens import CaptureSession
from tensorboard_plugin_convlens.core.filters import importance
from tensorboard_plugin_convlens.tracing.layout import Layout

IMAGES = np.random.default_rng(2).normal(size=(3, 12, 12, 3)).astype(np.float32)


def session(log_dir):
    model = keras.Sequential([keras.Input((12, 12, 3))])
    for filters in (5, 7):
        model.add(layers.Conv2D(filters, 3))
        model.add(layers.ReLU())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(4, "softmax"))
    return CaptureSession(model, IMAGES, log_dir, methods=("activation", "kernel"))


def counted(monkeypatch, owner, name):
    calls: Counter[str] = Counter()
    function = getattr(owner, name)

    def count(*arguments, **options):
        calls[name] += 1
        return function(*arguments, **options)

    monkeypatch.setattr(owner, name, count)
    return calls


def test_maps_are_laid_out_once_per_layer_stage_and_image(tmp_path, monkeypatch):
    captures = session(tmp_path)
    calls = counted(monkeypatch, Layout, "to_planes")
    captures.capture(0)
    assert calls["to_planes"] == 2 * 2 * len(IMAGES)


def test_norms_are_taken_once_of_the_weights_however_many_the_images(tmp_path, monkeypatch):
    captures = session(tmp_path)
    calls = counted(monkeypatch, importance, "l1_norm")
    captures.capture(0)
    assert calls["l1_norm"] == 2
