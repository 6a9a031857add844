"""Pictures of every kind, as a model sees them and as people see them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.storage.reading.reader import Reader


def save_copying_model(path, classes=()):
    """A model whose feature map is its input; with classes, it has their probabilities."""
    layers = keras.layers
    side = 52
    given = keras.Input((side, side, 1))
    copied = layers.Conv2D(1, 1, use_bias=False, kernel_initializer="ones", name="copy")(given)
    output = copied
    if classes:
        pooled = layers.GlobalAveragePooling2D()(copied)
        output = layers.Dense(len(classes), activation="softmax")(pooled)
    keras.Model(given, output).save(path)
    return str(path)


def test_a_model_sees_pictures_of_every_depth_as_they_are(tmp_path, capsys):
    ramp = np.tile(np.linspace(0, 1, 52), (52, 1))
    (tmp_path / "photos").mkdir()
    pictures: dict[str, np.ndarray[Any, Any]] = {
        "float.tif": ramp.astype(np.float32),
        "gray12.png": np.rint(ramp * 4095).astype(np.uint16),
        "gray16.png": np.rint(ramp * 65535).astype(np.uint16),
        "gray8.png": np.rint(ramp * 255).astype(np.uint8),
        "int32.tif": np.rint(ramp * 65535).astype(np.int32),
    }
    for name, values in pictures.items():
        Image.fromarray(values).save(tmp_path / "photos" / name)
    model = save_copying_model(tmp_path / "copy.keras")

    status = main(
        [
            *("capture", model, "--images", str(tmp_path / "photos")),
            *("--logdir", str(tmp_path / "logs"), "--preprocess", "unit"),
            *("--methods", "activation"),
        ]
    )

    assert status == 0
    error = capsys.readouterr().err
    assert "float.tif: scaled by its own range, 0 to 1" in error
    assert "gray12.png: read as 12 bits, because its largest value is 4095" in error
    assert "int32.tif: read as 16 bits" in error
    assert "gray16.png:" not in error
    maps = Reader(tmp_path / "logs").feature_maps(".", 0, "copy")[:, 0]
    assert np.abs(maps - ramp).max() < 0.01


@pytest.mark.parametrize("named", [False, True])
def test_a_directory_per_class_gives_labels_and_classes(tmp_path, named):
    for name, level in (("dogs", 200), ("cats", 90)):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.new("L", (60, 60), level).save(tmp_path / "photos" / name / "p.png")
    names = ("dogs", "birds", "cats") if named else ("cats", "dogs")
    (tmp_path / "names.txt").write_text("\n".join(names))
    more = ("--class-names", str(tmp_path / "names.txt")) if named else ()
    model = save_copying_model(tmp_path / "copy.keras", names)

    status = main(
        [
            *("capture", model, "--images", str(tmp_path / "photos"), *more),
            *("--logdir", str(tmp_path / "logs"), "--methods", "activation"),
        ]
    )

    assert status == 0
    inputs = Reader(tmp_path / "logs").inputs(".")
    assert [one.label for one in inputs.inputs] == ["cats/p.png", "dogs/p.png"]
    assert inputs.class_names == names
    assert [names[one.class_index or 0] for one in inputs.inputs] == ["cats", "dogs"]
