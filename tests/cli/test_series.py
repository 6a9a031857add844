"""Series of checkpoints: skipped, resumed, in several processes, with a corrupt one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress

import keras
import numpy as np
import pytest
from PIL import Image

from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.engine import precision
from tensorboard_plugin_convlens.storage.reading.reader import Reader

EPOCHS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Photographs, and checkpoints of a model whose first convolution is frozen."""
    directory = tmp_path_factory.mktemp("series")
    random = np.random.default_rng(0)
    (directory / "photos").mkdir()
    for name in ("a.png", "b.png"):
        pixels = random.integers(0, 256, (40, 60, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(directory / "photos" / name)
    model = build_model()
    (directory / "model.json").write_text(model.to_json())
    for epoch in EPOCHS:
        model.save(directory / f"epoch-{epoch}.keras")
        model.save_weights(directory / f"epoch-{epoch}.weights.h5")
        for name in ("conv2", "conv3"):
            layer = model.get_layer(name)
            layer.set_weights(
                [w + random.normal(size=w.shape) * 0.05 for w in layer.get_weights()]
            )
    return directory


def build_model():
    keras.utils.set_random_seed(1)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((24, 24, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", name="conv1"),
            layers.Conv2D(6, 3, activation="relu", name="conv2"),
            layers.Conv2D(5, 3, activation="relu", name="conv3"),
        ]
    )


def arguments(trained, logs, *models, more=()):
    given = [str(trained / model) for model in models]
    return [
        *("capture", *given, "--images", str(trained / "photos"), "--logdir", str(logs)),
        *more,
    ]


def content(logs):
    """All that can be read of a series, but for sessions and times."""
    reader = Reader(logs)
    found = {}
    for step in reader.steps("."):
        capture = reader.capture(".", step)
        found[step] = {
            (layer.layer, "layer"): (
                layer.weights,
                layer.lineage,
                layer.weights_unchanged_since,
                layer.unchanged_since,
                sorted(
                    (one.method, one.form, one.input, one.sha256, one.pack[:20])
                    for one in layer.sheets
                ),
                [(one.name, one.input, one.values.tobytes()) for one in layer.statistics],
            )
            for layer in capture.layers
        } | {"model": capture.model, "inputs": capture.inputs, "asked": capture.asked}
    return found


@pytest.fixture(scope="module")
def whole(trained, tmp_path_factory):
    """The series as one process captures it without a break."""
    logs = tmp_path_factory.mktemp("logs")
    assert main(arguments(trained, logs, "epoch-*.keras")) == 0
    return logs


def kernel_of(trained, epoch, layer):
    model = keras.models.load_model(trained / f"epoch-{epoch}.keras")
    return model.get_layer(layer).get_weights()[0]


def test_changes_are_since_the_checkpoint_before(trained, whole):
    reader = Reader(whole)

    assert reader.steps(".") == EPOCHS
    for before, now in ((1, 2), (2, 3), (3, 4)):
        first, second = (
            np.moveaxis(kernel_of(trained, epoch, "conv2"), -1, 0).reshape(6, -1)
            for epoch in (before, now)
        )
        lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        expected = 1 - (first * second).sum(axis=1) / lengths
        found = reader.statistics(".", now, "conv2")
        np.testing.assert_allclose(found["kernel_change"], expected, atol=1e-6)
        assert (found["activation_change"] > 0).any()
        assert reader.unchanged_since(".", now, "conv1") == 1
        assert reader.unchanged_since(".", now, "conv2") is None
    assert np.isnan(reader.statistics(".", 1, "conv2")["kernel_change"]).all()


def test_two_processes_capture_the_same_as_one(trained, whole, tmp_path):
    status = main(arguments(trained, tmp_path, "epoch-*.keras", more=("--jobs", "2")))

    assert status == 0
    assert content(tmp_path) == content(whole)


@pytest.fixture
def wide(trained, tmp_path):
    """Two checkpoints of a model with so much to multiply that bfloat16 is considered."""
    keras.utils.set_random_seed(3)
    layers = keras.layers
    blocks = [layers.Conv2D(96, 3, activation="relu", name=f"conv{i}") for i in range(3)]
    model = keras.Sequential([keras.Input((16, 16, 3)), layers.Rescaling(1 / 255), *blocks])
    for epoch in (1, 2):
        model.save(tmp_path / f"wide-{epoch}.keras")
        model.get_layer("conv1").bias.assign_add(np.full(96, 0.1))
    return tmp_path


# Its gradients pass through all the others.
LAST = ("--layers", "conv2")


def test_all_processes_compute_in_the_precision_that_the_first_one_chose(
    trained, wide, monkeypatch
):
    found = {}
    for bfloat16 in (True, False):
        for jobs in ("1", "2"):
            logs = wide / f"logs-{bfloat16}-{jobs}"
            # What this process measures: the others are to take it over, not to measure.
            monkeypatch.setattr(precision, "bfloat16_is_worthwhile", lambda it=bfloat16: it)
            given = arguments(trained, logs, str(wide / "wide-*.keras"))
            assert main([*given, "--jobs", jobs, "--methods", "guided", *LAST]) == 0
            found[bfloat16, jobs] = content(logs)
    assert found[True, "2"] == found[True, "1"]
    assert found[False, "2"] == found[False, "1"]
    assert found[True, "1"] != found[False, "1"]


def test_existing_captures_are_not_made_again(trained, tmp_path, capsys):
    main(arguments(trained, tmp_path, "epoch-1.keras", "epoch-2.keras"))
    before = sorted(path.name for path in tmp_path.rglob("step-*"))
    capsys.readouterr()

    main(arguments(trained, tmp_path, "epoch-1.keras", "epoch-2.keras"))

    assert sorted(path.name for path in tmp_path.rglob("step-*")) == before
    assert capsys.readouterr().out.count("is captured already, with the same weights") == 2


@pytest.mark.parametrize("why", ["options", "weights", "inputs", "a lost pack"])
def test_a_checkpoint_that_differs_is_captured_again(trained, tmp_path, capsys, why):
    models = tmp_path / "models"
    shutil.copytree(trained, models)
    logs = tmp_path / "logs"
    main(arguments(models, logs, "epoch-1.keras", "epoch-2.keras"))
    more: tuple[str, ...] = ()
    if why == "options":
        more = ("--methods", "activation")
    elif why == "weights":
        shutil.copy(models / "epoch-4.keras", models / "epoch-2.keras")
    elif why == "inputs":
        (models / "photos" / "b.png").unlink()
    else:
        next(logs.rglob("pack-*2-c*-kernels.clpk")).unlink()
    capsys.readouterr()

    main(arguments(models, logs, "epoch-1.keras", "epoch-2.keras", more=more))

    out = capsys.readouterr().out
    assert "epoch-2.keras: step 2, 3 layers" in out
    assert out.count("captured already") == (0 if why in ("options", "inputs") else 1)


def test_a_killed_series_goes_on_where_it_stopped(trained, whole, tmp_path):
    command = [sys.executable, "-m", "tensorboard_plugin_convlens.cli.main"]
    command += arguments(trained, tmp_path, "epoch-*.keras", more=("--jobs", "2"))
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list(tmp_path.rglob("step-*.pb")):
        assert process.poll() is None
        time.sleep(0.02)
    workers = children_of(process.pid)
    process.kill()
    process.wait()
    while any(is_running(worker) for worker in workers):
        time.sleep(0.05)  # They end by themselves; else this test never does.
    done = len(list(tmp_path.rglob("step-*.pb")))

    assert workers
    assert main(arguments(trained, tmp_path, "epoch-*.keras")) == 0

    assert content(tmp_path) == content(whole)
    assert len(list(tmp_path.rglob("step-*.pb"))) == len(EPOCHS)
    assert done >= 1


def children_of(parent):
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return [int(line) for line in found.stdout.split()]


def is_running(pid):
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_corrupt_checkpoint_is_left_out_and_the_status_says_so(
    trained, tmp_path, capsys, jobs
):
    models = tmp_path / "models"
    shutil.copytree(trained, models)
    whole_file = (models / "epoch-2.keras").read_bytes()
    (models / "epoch-2.keras").write_bytes(whole_file[: len(whole_file) // 2])

    logs = tmp_path / "logs"
    status = main(arguments(models, logs, "epoch-*.keras", more=("--jobs", jobs)))

    assert status == 3
    reader = Reader(logs)
    assert reader.steps(".") == (1, 3, 4)
    error = capsys.readouterr().err
    assert "epoch-2.keras: left out: Keras cannot load" in error
    assert "1 of 4 models could not be captured (epoch-2.keras); the others were." in error
    # The step before 3 is 1.
    assert reader.unchanged_since(".", 3, "conv1") == 1
    assert np.isfinite(reader.statistics(".", 3, "conv2")["kernel_change"]).all()


@pytest.mark.parametrize("architecture", ["model.json", "epoch-1.keras"])
def test_weights_files_are_captured_with_their_model(trained, whole, tmp_path, architecture):
    more = ("--model", str(trained / architecture))

    assert main(arguments(trained, tmp_path, "epoch-*.weights.h5", more=more)) == 0

    for step, captured in content(tmp_path).items():
        expected = content(whole)[step]
        for key in captured:
            if isinstance(key, tuple):
                assert captured[key][4:] == expected[key][4:]


def test_models_of_the_older_h5_form_are_captured(trained, whole, tmp_path):
    for epoch in (1, 2):
        model = keras.models.load_model(trained / f"epoch-{epoch}.keras")
        model.save(tmp_path / f"epoch-{epoch}.h5")
    assert main(arguments(trained, tmp_path / "logs", str(tmp_path / "epoch-*.h5"))) == 0
    found, expected = Reader(tmp_path / "logs"), Reader(whole)
    assert found.steps(".") == (1, 2)
    for layer in ("conv1", "conv2", "conv3"):
        one, other = (reader.feature_maps(".", 2, layer) for reader in (found, expected))
        np.testing.assert_array_equal(one, other)


def test_weights_without_a_model_are_refused_with_what_to_do(trained, tmp_path, capsys):
    assert main(arguments(trained, tmp_path, "epoch-1.weights.h5")) == 1

    assert "contains only weights. Name the model" in capsys.readouterr().err


def test_weights_of_another_model_are_refused(trained, tmp_path, capsys):
    other = keras.Sequential([keras.Input((24, 24, 3)), keras.layers.Conv2D(2, 3)])
    other.save(tmp_path / "other.keras")
    more = ("--model", str(tmp_path / "other.keras"))

    assert main(arguments(trained, tmp_path / "l", "epoch-1.weights.h5", more=more)) == 1

    assert "Keras cannot load the weights" in capsys.readouterr().err


def test_a_saved_model_is_refused_with_what_to_do(trained, tmp_path, capsys):
    build_model().export(tmp_path / "exported", verbose=False)

    assert main(arguments(tmp_path, tmp_path / "logs", "exported")) == 1

    assert "is a SavedModel. Keras 3 runs it as one function" in capsys.readouterr().err
