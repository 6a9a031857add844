from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers
from PIL import Image

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.loading.labeled_data import read_labeled_data


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return keras.Sequential([keras.Input((6, 6, 3)), layers.Conv2D(2, 3), layers.Flatten()])


def test_an_archive_is_taken_as_it_is_up_to_the_most(model: keras.Model, tmp_path: Path):
    x, y = np.random.default_rng(0).normal(size=(5, 6, 6, 3)), np.arange(5)
    np.savez(tmp_path / "data.npz", x=x, y=y)
    data = read_labeled_data(tmp_path / "data.npz", model, most=3)
    np.testing.assert_array_equal(data.x, x[:3])
    assert data.y.tolist() == [0, 1, 2]


def test_directories_are_classes_in_the_order_of_their_names(
    model: keras.Model, tmp_path: Path
):
    for name, level in (("dog", 200), ("cat", 100)):
        (tmp_path / name).mkdir()
        for index in range(3):
            Image.new("RGB", (9, 7), (level, level, level)).save(
                tmp_path / name / f"{index}.png"
            )
    (tmp_path / "cat" / "note.png").write_text("no picture")
    data = read_labeled_data(tmp_path, model, how="unit", most=6)
    assert data.y.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_allclose(data.x[:3], 100 / 255, atol=0.01)
    np.testing.assert_allclose(data.x[3:], 200 / 255, atol=0.01)
    assert [one.what for one in data.skipped] == ["note.png"]


def test_other_data_is_refused_with_a_sentence(model: keras.Model, tmp_path: Path):
    np.savez(tmp_path / "other.npz", images=np.zeros(3))
    (tmp_path / "broken.npz").write_bytes(b"PK")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "only").mkdir()
    for name, reason in (
        ("nowhere", "There is no data"),
        ("other.npz", "expected x, the inputs, and y"),
        ("broken.npz", "cannot be read"),
        ("one", "holds 1 directories"),
    ):
        with pytest.raises(InputError, match=reason):
            read_labeled_data(tmp_path / name, model)
