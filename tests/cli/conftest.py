"""The digits network with planted filters, trained once for all tests of commands."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from tensorboard_plugin_convlens import capture
from tensorboard_plugin_convlens.cli.demo_digits import build_model, load_images
from tensorboard_plugin_convlens.cli.main import main
from tests.cli.planted import CAPTURED, USELESS, plant


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained digits network with planted filters, its captures, and test data."""
    directory = tmp_path_factory.mktemp("digits")
    keras.utils.set_random_seed(2)
    images, classes = load_images()
    model = build_model()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images[400:], classes[400:], batch_size=32, epochs=2, verbose=0)
    plant(model)
    model.save(directory / "model.keras")
    np.savez(directory / "test.npz", x=images[:200], y=classes[:200])
    labels = [int(one) for one in classes[:CAPTURED]]
    capture(model, images[:CAPTURED], directory / "logs", labels=labels, step=2)
    return directory


@pytest.fixture
def marked(digits: Path, tmp_path: Path) -> Path:
    """Logs with marks that `convlens annotate` made, and its exports of them."""
    logs = tmp_path / "logs"
    shutil.copytree(digits / "logs", logs)
    for layer, channels in USELESS.items():
        said = ["--verdict", "useless", "--note", '=flat,\n"everywhere"\u2028 too']
        command = ["annotate", str(logs), "set", ".", layer, *map(str, channels), *said]
        assert main(command) == 0
    assert main(["annotate", str(logs), "set", ".", "conv1", "5", "--verdict", "useful"]) == 0
    for name in ("marks.csv", "marks.json"):
        assert main(["annotate", str(logs), "export", str(tmp_path / name)]) == 0
    return tmp_path
