"""Model files: read by what they hold, refused where they claim more, with the whole reason."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras import layers
from keras.src.legacy.saving import legacy_h5_format

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.loading import load_limits
from tensorboard_plugin_convlens.loading.checkpoints import find_checkpoints, load_checkpoint
from tensorboard_plugin_convlens.loading.model_file import inspect_model_file
from tests.loading.malicious_models import MALICIOUS, small_model


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(4)
    given = keras.Input((8, 8, 3))
    one = layers.Conv2D(4, 3, name="c1", activation="relu")(given)
    two = layers.BatchNormalization(name="n")(one)
    return keras.Model(given, layers.Conv2D(2, 3, name="c2")(two), name="honest")


def save_as(model, form, path):
    """Saves in one of the forms that exist, under any name."""
    proper = path.parent / f"saved-{form}"
    if form == "old.h5":
        with h5py.File(proper, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
    elif form == "new.weights.h5":
        model.save_weights(proper)
    else:
        model.save(proper)
    proper.rename(path)
    return path


FORMS = ("model.keras", "model.h5", "old.h5", "new.weights.h5")
NAMES = ("a.keras", "a.h5", "a.hdf5", "a.weights.h5", "A.H5", "A.KERAS", "a.Weights.H5")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_the_content_of_a_file_is_read_whatever_its_name(model, tmp_path, form, name):
    path = save_as(model, form, tmp_path / name)
    (tmp_path / "model.json").write_text(model.to_json())

    assert inspect_model_file(path).form == form
    assert inspect_model_file(path).values == model.count_params()
    (found,) = find_checkpoints([str(path)])
    with_architecture = load_checkpoint(found.path, tmp_path / "model.json")
    for one, other in zip(with_architecture.weights, model.weights, strict=True):
        np.testing.assert_array_equal(one, other)
    if form in ("model.keras", "model.h5"):
        alone = load_checkpoint(found.path)
        for one, other in zip(alone.weights, model.weights, strict=True):
            np.testing.assert_array_equal(one, other)
    else:
        with pytest.raises(InputError, match=r"contains only weights\. Name the model"):
            load_checkpoint(found.path)


@pytest.mark.parametrize("form", FORMS)
def test_the_whole_reason_why_weights_do_not_fit_is_reported(model, tmp_path, form):
    path = save_as(model, form, tmp_path / "a.hdf5")
    other = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(7, 3, name="c1")])
    (tmp_path / "other.json").write_text(other.to_json())

    with pytest.raises(InputError) as raised:
        load_checkpoint(path, tmp_path / "other.json")

    told = str(raised.value)
    assert told.startswith(f"Keras cannot load the weights {str(path)!r} into the model of")
    assert "Layer count mismatch" in told or "shape" in told, told
    assert told.endswith(".")
    assert "convlens-" not in told
    assert "\n" not in told


@pytest.mark.parametrize("kind", MALICIOUS)
def test_a_model_that_claims_more_than_its_file_holds_is_refused(kind, tmp_path, monkeypatch):
    suffix, make, sentence = MALICIOUS[kind]
    monkeypatch.setattr(load_limits, "_SECONDS", 1.5)
    monkeypatch.setattr(load_limits, "_SECONDS_OF_OBJECT", 0.0)
    path = tmp_path / f"model{suffix}"
    make(path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(InputError) as raised:
        load_checkpoint(path)

    assert sentence in str(raised.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB
    assert resource.getrlimit(resource.RLIMIT_DATA)[0] == resource.RLIM_INFINITY
    assert signal.getsignal(signal.SIGPROF) is signal.SIG_DFL
    load_checkpoint(save_as(small_model(), "model.keras", tmp_path / "good.keras"))


def test_an_architecture_is_bounded_by_its_weights(model, tmp_path):
    path = save_as(model, "new.weights.h5", tmp_path / "a.weights.h5")
    config = json.loads(model.to_json())
    config["config"]["layers"][1]["config"]["filters"] = 400_000_000
    (tmp_path / "large.json").write_text(json.dumps(config))

    with pytest.raises(InputError, match="asks for 10,800,000,000 weights"):
        load_checkpoint(path, tmp_path / "large.json")


def test_memory_other_than_weights_is_bounded(model, tmp_path):
    file = inspect_model_file(save_as(model, "model.keras", tmp_path / "a.keras"))

    with (
        pytest.raises(tf.errors.ResourceExhaustedError) as raised,
        load_limits.limited(file, 0),
    ):
        keras.ops.zeros(2_000_000_000)
    assert load_limits.exceeded(raised.value) == (
        "it asks for far more memory than its size accounts for"
    )
    assert keras.ops.convert_to_numpy(keras.ops.zeros(100_000_000)).nbytes == 400_000_000


def test_a_model_of_many_honest_weights_is_loaded(tmp_path):
    large = small_model(filters=400_000)
    path = save_as(large, "model.keras", tmp_path / "large.keras")

    assert load_checkpoint(path).count_params() == large.count_params()


# The limit may be met while Python closes a file of another test, where it only warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_models_that_call_one_another_are_not_traced_for_ever(tmp_path, monkeypatch, capsys):
    from PIL import Image

    from tensorboard_plugin_convlens.cli.main import main

    given = keras.Input((8, 8, 3))
    nested = keras.Model(given, layers.Conv2D(3, 3, padding="same", name="c")(given))
    for index in range(30):  # 2 to the power of 30 calls
        again = keras.Input((8, 8, 3))
        nested = keras.Model(again, nested(nested(again)), name=f"m{index}")
    nested.save(tmp_path / "nested.keras")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    monkeypatch.setattr(load_limits, "_SECONDS", 2.0)
    monkeypatch.setattr(load_limits, "_SECONDS_OF_LAYER", 0.0)

    command = ["capture", str(tmp_path / "nested.keras"), "--images", str(tmp_path / "a.png")]
    assert main([*command, "--logdir", str(tmp_path / "logs")]) == 1

    assert (
        "tracing its layers takes more than 2 seconds of computing" in capsys.readouterr().err
    )


def with_code(path, marker):
    """A model with a Lambda layer that writes a file when it is loaded or called."""
    text = str(marker)
    planted = lambda x: [open(text, "w").close(), x][1]  # type: ignore[func-returns-value]  # noqa: E731
    given = keras.Input((8, 8, 3))
    keras.Model(given, layers.Lambda(planted)(given)).save(path)
    marker.unlink(missing_ok=True)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_code_in_a_model_is_not_run(tmp_path, suffix):
    with_code(tmp_path / f"a{suffix}", tmp_path / "marker")

    with pytest.raises(InputError, match=r"(?i)lambda"):
        load_checkpoint(tmp_path / f"a{suffix}")

    assert not (tmp_path / "marker").exists()


def test_weights_in_other_files_are_not_read(model, tmp_path):
    path = save_as(model, "model.h5", tmp_path / "a.h5")
    shutil.copy(path, tmp_path / "other.h5")
    with h5py.File(path, "r+") as file:
        del file["model_weights/c1"]
        file["model_weights/c1"] = h5py.ExternalLink("other.h5", "/model_weights/c1")

    with pytest.raises(InputError, match="Not allowed: H5 file with ExternalLink"):
        load_checkpoint(path)


@pytest.mark.parametrize("version", ["3.15.0", "3.12.4", "2.15.0", "3.9"])
def test_an_older_keras_is_refused(model, tmp_path, monkeypatch, version):
    path = save_as(model, "model.keras", tmp_path / "a.keras")
    monkeypatch.setattr(keras, "__version__", version)

    with pytest.raises(InputError, match=rf"can make Keras {version} run code.*3\.15\.1"):
        load_checkpoint(path)


@pytest.mark.parametrize("version", ["3.15.1", "3.16.0", "4.0.0.dev2", "3.15.10"])
def test_a_newer_keras_is_not(model, tmp_path, monkeypatch, version):
    path = save_as(model, "model.keras", tmp_path / "a.keras")
    monkeypatch.setattr(keras, "__version__", version)

    assert load_checkpoint(path).name == "honest"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"zip?", "neither a zip archive"),
        (b"PK\5\6" + bytes(18), "damaged"),
    ],
)
def test_other_files_are_refused_with_a_reason(tmp_path, content, reason):
    (tmp_path / "a.keras").write_bytes(content)

    with pytest.raises(InputError, match=f"Keras cannot load .*{reason}"):
        load_checkpoint(tmp_path / "a.keras")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(data=st.data())
def test_any_damage_is_refused_or_loaded(model, tmp_path, data):
    suffix = data.draw(st.sampled_from([".keras", ".h5"]))
    whole = tmp_path / f"whole{suffix}"
    if not whole.exists():
        model.save(whole)
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        load_checkpoint(path)
    except InputError as error:
        assert str(path) in str(error)


def test_an_archive_is_not_unpacked_to_look_into_it(model, tmp_path):
    path = save_as(model, "model.keras", tmp_path / "a.keras")
    with zipfile.ZipFile(path) as archive:
        assert all(one.compress_type == zipfile.ZIP_STORED for one in archive.infolist())
    assert inspect_model_file(Path(path)).objects > 3
    assert sys.getsizeof(inspect_model_file(path)) < 1000
