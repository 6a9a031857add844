"""Verdicts about the digits network, from planted filters to what a person reads."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tensorboard_plugin_convlens import Reader, ablate, capture
from tensorboard_plugin_convlens.annotations.address import find_store
from tensorboard_plugin_convlens.annotations.store import MarkStore
from tensorboard_plugin_convlens.cli.ablate import to_json
from tensorboard_plugin_convlens.cli.demo_digits import build_model, load_images
from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.core.flags import find_flags
from tensorboard_plugin_convlens.core.marks import FilterKey, Mark, Operation, Opinion
from tensorboard_plugin_convlens.core.mask import read_mask

SILENT = {("conv1", 3), ("conv1", 11), ("conv3", 5)}
COPIES = {("conv2", 9): 4, ("conv4", 20): 1}
CAPTURED = 6
EXPORTS = ("marks.csv", "marks.json")


def plant(model: keras.Model) -> None:
    """Filters that are silent, and copies that no later layer reads."""
    for name in ("conv1", "conv3"):
        for layer, channel in SILENT:
            if layer == name:
                kernel = np.array(model.get_layer(name).kernel)
                kernel[..., channel] = 0
                model.get_layer(name).kernel.assign(kernel)
    bias = np.array(model.get_layer("conv1").bias)
    bias[[3, 11]] = [0, -1]
    model.get_layer("conv1").bias.assign(bias)
    beta = np.array(model.get_layer("bn3").beta)
    mean = np.array(model.get_layer("bn3").moving_mean)
    beta[5], mean[5] = -1, 0
    model.get_layer("bn3").beta.assign(beta)
    model.get_layer("bn3").moving_mean.assign(mean)
    for (name, copy), original in COPIES.items():
        kernel, bias = model.get_layer(name).get_weights()
        kernel[..., copy], bias[copy] = kernel[..., original], bias[original]
        model.get_layer(name).set_weights([kernel, bias])
    kernel = np.array(model.get_layer("conv3").kernel)
    kernel[:, :, 9] = 0
    model.get_layer("conv3").kernel.assign(kernel)
    dense, bias = model.get_layer("digit_class").get_weights()
    dense.reshape(7, 7, 32, 10)[:, :, 20] = 0
    model.get_layer("digit_class").set_weights([dense, bias])


@pytest.fixture(scope="module")
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


def flagged(digits: Path) -> dict[tuple[str, int], dict[str, Any]]:
    reader = Reader(digits / "logs")
    layers = reader.model_graph(".").layers
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for record in reader.capture(".", 2).layers:
        for one in find_flags(record.statistics):
            found.setdefault((layers[record.layer].key, one.channel), {})[one.kind] = one
    return found


def verdicts(digits: Path) -> Path:
    """The flags as a person would mark them: silent filters, and one of each two copies."""
    path = digits / "marks.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "call", "channel", "verdict"))
        for layer, channel in sorted(SILENT | set(COPIES)):
            writer.writerow((layer, 0, channel, "useless"))
        writer.writerow(("conv1", 0, 0, "useful"))
    return path


def really_silent(digits: Path) -> set[tuple[str, int]]:
    model = keras.models.load_model(digits / "model.keras")
    x = np.load(digits / "test.npz")["x"][:CAPTURED]
    found = set()
    for layer, shown in (("conv1",) * 2, ("conv2",) * 2, ("conv3", "relu3"), ("conv4",) * 2):
        maps = np.asarray(keras.Model(model.inputs[0], model.get_layer(shown).output)(x))
        found |= {(layer, int(one)) for one in np.flatnonzero((maps == 0).all(axis=(0, 1, 2)))}
    return found


def test_all_planted_filters_are_flagged_and_no_other_is_called_silent_or_a_copy(digits: Path):
    found = flagged(digits)
    silent = {key for key, flags in found.items() if "silent" in flags}
    assert silent >= SILENT
    assert silent == really_silent(digits)
    assert {found[key]["silent"].evidence["inputs"] for key in silent} == {CAPTURED}
    copies = {
        key: flags["duplicate"].other for key, flags in found.items() if "duplicate" in flags
    }
    originals = {(name, original): copy for (name, copy), original in COPIES.items()}
    assert copies == COPIES | originals
    assert not any("not_finite" in flags for flags in found.values())


def test_removing_the_planted_filters_changes_nothing_and_random_ones_do(digits: Path, capsys):
    command = ["ablate", str(digits / "model.keras"), "--data", str(digits / "test.npz")]
    command += ["--verdicts", str(verdicts(digits)), "--logdir", str(digits / "logs")]
    assert main([*command, "--repeats", "4", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["metrics"] == ["loss", "accuracy"]
    assert result["baseline"][1] > 0.8
    loss = {(one["name"], one["fill"]): one["trials"] for one in result["choices"]}
    for fill in ("zero", "mean"):
        np.testing.assert_allclose(loss["marked", fill], [result["baseline"]], atol=1e-6)
        assert len(loss["random", fill]) == 4
        assert np.mean(loss["random", fill], axis=0)[0] > result["baseline"][0] + 1e-3
    assert {"l1", "fpgm", "apoz", "taylor"} <= {name for name, _ in loss}
    (kept,) = Reader(digits / "logs").ablations(".")
    assert kept.step == 2
    assert {key: list(some) for key, some in kept.choices[0].filters.items()} == {
        "conv1": [3, 11],
        "conv2": [9],
        "conv3": [5],
        "conv4": [20],
    }


def test_people_read_what_the_marked_filters_cost_beside_random_ones(digits: Path, capsys):
    command = ["ablate", str(digits / "model.keras"), "--data", str(digits / "test.npz")]
    command += ["--verdicts", str(verdicts(digits)), "--most", "40", "--repeats", "2"]
    assert main([*command, "--layers", "conv1"]) == 0
    said = capsys.readouterr().out
    assert "5 filters, marked, zero: loss +0, accuracy +0" in said.replace("-0,", "+0,")
    assert "5 filters, random, mean: loss" in said
    assert " ± " in said
    assert "conv1, one by one: loss from" in said
    assert re.search("[0-2] of 2 random choices cost more loss than yours, mean", said)


def test_a_mask_of_the_verdicts_prunes_the_model_to_the_same_answers(digits: Path):
    mask = digits / "mask.npz"
    command = ["export", "mask", str(digits / "logs"), "--verdicts", str(verdicts(digits))]
    assert main([*command, "--output", str(mask)]) == 0
    assert read_mask(mask).removed == 5
    smaller = digits / "smaller.keras"
    pruned = ["prune", str(digits / "model.keras"), "--mask", str(mask)]
    assert main([*pruned, "--output", str(smaller)]) == 0
    x = np.load(digits / "test.npz")["x"]
    one, other = (keras.models.load_model(digits / n) for n in ("model.keras", "smaller.keras"))
    assert other.get_layer("conv1").filters == 14
    np.testing.assert_allclose(
        one.predict(x, verbose=0), other.predict(x, verbose=0), atol=1e-5
    )


def test_marks_made_in_the_tab_are_tested_and_exported(digits: Path, tmp_path: Path, capsys):
    logs = tmp_path / "logs"
    shutil.copytree(digits / "logs", logs)
    mask = tmp_path / "mask.json"
    export = ["export", "mask", str(logs), "--output", str(mask)]
    assert main(export) == 1
    assert "no filter of this run is called useless" in capsys.readouterr().err
    store = MarkStore(find_store(logs))
    useless, useful = Opinion("useless"), Opinion("useful")
    marks = [Mark(FilterKey(".", "conv1", 0, 3), useless)]
    marks += [Mark(FilterKey(".", "conv1", 0, 4), useful)]
    marks += [Mark(FilterKey("other", "conv1", 0, 5), useless)]
    store.apply(Operation("a" * 32, "mark", "me"), marks, 0)
    store.close()
    assert main(export) == 0
    keep = read_mask(mask).layers
    assert {name: np.flatnonzero(~one).tolist() for name, one in keep.items()} == {"conv1": [3]}
    command = ["ablate", str(digits / "model.keras"), "--data", str(digits / "test.npz")]
    assert main([*command, "--logdir", str(logs), "--most", "20", "--repeats", "1"]) == 0
    assert "1 filter, marked, zero: loss +0" in capsys.readouterr().out.replace("-0,", "+0,")


USELESS = {"conv1": [3, 11], "conv3": [5]}


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


def test_marks_are_the_same_verdicts_from_the_store_csv_json_and_python(
    digits: Path, marked: Path, capsys
):
    logs = marked / "logs"
    command = ["ablate", str(digits / "model.keras"), "--data", str(digits / "test.npz")]
    command += ["--logdir", str(logs), "--most", "60", "--repeats", "3", "--seed", "5"]
    results: list[dict[str, Any]] = []
    before = len(Reader(logs).ablations("."))
    for source in ([], *(["--verdicts", str(marked / name)] for name in EXPORTS)):
        capsys.readouterr()
        assert main([*command, *source, "--json"]) == 0
        results.append(json.loads(capsys.readouterr().out))
    data = np.load(digits / "test.npz")
    x, y = data["x"][:60], data["y"][:60]
    model = keras.models.load_model(digits / "model.keras")
    kept = ablate(model, x, y, log_dir=logs, repeats=3, seed=5, name="model.keras")
    results.append(to_json(kept))
    assert results[0]["choices"][0]["filters"] == USELESS
    assert all(one == results[0] for one in results)
    assert {len(one["filters"]["conv1"]) for one in results[0]["choices"]} == {2}
    assert len(Reader(logs).ablations(".")) - before == len(results)


def test_masks_and_smaller_models_are_the_same_from_the_store_csv_and_json(
    digits: Path, marked: Path
):
    pruned = []
    for name in (None, *EXPORTS):
        source = [] if name is None else ["--verdicts", str(marked / name)]
        mask, smaller = marked / f"{name}-mask.json", marked / f"{name}.keras"
        export = ["export", "mask", str(marked / "logs"), *source, "--output", str(mask)]
        assert main(export) == 0
        keep = read_mask(mask).layers
        assert {key: np.flatnonzero(~one).tolist() for key, one in keep.items()} == USELESS
        command = ["prune", str(digits / "model.keras"), "--mask", str(mask)]
        assert main([*command, "--output", str(smaller)]) == 0
        pruned.append(keras.models.load_model(smaller).get_weights())
    for weights in pruned[1:]:
        for one, other in zip(pruned[0], weights, strict=True):
            np.testing.assert_array_equal(one, other)


def test_verdicts_in_a_shared_database_are_found_by_their_collection(
    digits: Path, marked: Path, capsys
):
    shared = ["--db", f"sqlite:///{marked / 'shared.db'}", "--collection", "digits"]
    logs = str(marked / "logs")
    assert main(["annotate", logs, *shared, "import", str(marked / "marks.csv")]) == 0
    export = ["export", "mask", logs, "--output", str(marked / "shared.json")]
    assert main([*export, *shared]) == 0
    assert read_mask(marked / "shared.json").removed == 3
    assert main([*export, *shared[:2], "--collection", "another"]) == 1
    assert "no filter of this run is called useless" in capsys.readouterr().err
    assert main([*export, *shared, "--verdicts", str(marked / "marks.csv")]) == 1
    assert "Give --verdicts, or --db with --collection, not both" in capsys.readouterr().err


def test_statistics_are_exported_as_one_number_per_row(digits: Path):
    path = digits / "numbers.csv"
    assert main(["export", "statistics", str(digits / "logs"), "--output", str(path)]) == 0
    rows = list(csv.DictReader(path.read_text().splitlines()))
    kernel = np.asarray(
        keras.models.load_model(digits / "model.keras").get_layer("conv2").kernel
    )
    (found,) = [
        float(row["value"])
        for row in rows
        if (row["layer"], row["channel"], row["statistic"]) == ("conv2", "6", "l1")
    ]
    assert found == pytest.approx(abs(kernel[..., 6]).sum(), rel=1e-5)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "nothing to test"),
        (["--layers", "nowhere"], "nowhere"),
        (["--verdicts", "gone.csv"], "cannot be read"),
        (["--most", "0"], "at least 1"),
    ],
)
def test_what_cannot_be_tested_is_said(digits: Path, capsys, options, sentence):
    command = ["ablate", str(digits / "model.keras"), "--data", str(digits / "test.npz")]
    assert main([*command, *options]) == 1
    assert sentence in capsys.readouterr().err


def test_criteria_of_another_network_are_refused(digits: Path, tmp_path: Path, capsys):
    pixels = keras.Input((28, 28, 1))
    maps = keras.layers.Conv2D(3, 3, name="conv1")(pixels)
    classes = keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(maps))
    keras.Model(pixels, classes).save(tmp_path / "other.keras")
    command = ["ablate", str(tmp_path / "other.keras"), "--data", str(digits / "test.npz")]
    command += ["--layers", "conv1", "--logdir", str(digits / "logs")]
    assert main(command) == 1
    assert "conv1 has 3 filters, there it has 16" in capsys.readouterr().err
