"""Verdicts about the digits network, from planted filters to what a person reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tensorboard_plugin_convlens import Reader, ablate
from tensorboard_plugin_convlens.cli.ablate import to_json
from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.core.filters.flags import find_flags
from tests.cli.planted import CAPTURED, COPIES, EXPORTS, SILENT, USELESS, verdicts


def flagged(digits: Path) -> dict[tuple[str, int], dict[str, Any]]:
    reader = Reader(digits / "logs")
    layers = reader.model_graph(".").layers
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for record in reader.capture(".", 2).layers:
        for one in find_flags(record.statistics):
            found.setdefault((layers[record.layer].key, one.channel), {})[one.kind] = one
    return found


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


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "nothing to test"),
        (["--layers", "nowhere"], "nowhere"),
        (["--verdicts", "gone.csv"], "cannot be read"),
        (["--most", "0"], "at least 1"),
    ],
)
def test_requests_that_cannot_be_tested_are_reported(digits: Path, capsys, options, sentence):
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
    assert "conv1 has 3 filters here and 16 there" in capsys.readouterr().err
