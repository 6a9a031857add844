"""What `convlens export` writes: masks, which prune, and tables of filters and statistics."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from tensorboard_plugin_convlens import CaptureSession, Reader
from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.core.filters.flags import find_flags
from tensorboard_plugin_convlens.core.filters.stages import statistics_at
from tensorboard_plugin_convlens.core.judgments.marks import FilterKey, Mark, Operation, Opinion
from tensorboard_plugin_convlens.loading.mask_file import read_mask
from tensorboard_plugin_convlens.marks.address import find_store
from tensorboard_plugin_convlens.marks.store import MarkStore
from tests.cli.planted import CAPTURED, EXPORTS, USELESS, verdicts


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
    assert "no filter of this run is marked useless" in capsys.readouterr().err
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
    assert "no filter of this run is marked useless" in capsys.readouterr().err
    assert main([*export, *shared, "--verdicts", str(marked / "marks.csv")]) == 1
    assert "Give --verdicts, or --db with --collection, not both" in capsys.readouterr().err


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_table_of_filters_has_criteria_flags_changes_and_marks(digits: Path, marked: Path):
    path, logs = marked / "filters.csv", marked / "logs"
    assert main(["export", "filters", str(logs), "--output", str(path)]) == 0
    rows = {(row["layer"], int(row["channel"])): row for row in rows_of(path)}
    reader = Reader(logs)
    layers = reader.model_graph(".").layers
    assert len(rows) == sum(one.channels or 0 for one in layers if one.is_convolution)
    for record in reader.capture(".", 2).layers:
        key = layers[record.layer].key
        flags: dict[int, set[str]] = {}
        for flag in find_flags(record.statistics):
            flags.setdefault(flag.channel, set()).add(flag.kind.replace("_", "-"))
        for name in ("l1", "taylor", "apoz", "redundancy", "redundant_with"):
            statistics = statistics_at(record.statistics)
            values = [one.values for one in statistics if one.name == name]
            for channel, value in enumerate(np.mean(values, axis=0)):
                said = rows[key, channel][name]
                assert float(said or "nan") == pytest.approx(float(value), nan_ok=True)
        for channel in range(layers[record.layer].channels or 0):
            kinds = {one.split(" o")[0] for one in rows[key, channel]["flags"].split("; ")}
            assert kinds == flags.get(channel, {""})
    assert rows["conv1", 3]["flags"] == f"silent on {CAPTURED} inputs"
    assert rows["conv2", 9]["flags"] == "duplicate of 4"
    assert rows["conv1", 3]["kernel_change"] == ""  # There is no step before.
    told = {place: row["verdict"] for place, row in rows.items() if row["verdict"]}
    assert told == {
        (layer, channel): "useless" for layer, some in USELESS.items() for channel in some
    } | {("conv1", 5): "useful"}
    assert rows["conv1", 3]["note"].startswith("'=flat,")  # Not a formula.


def test_changes_since_the_step_before_are_in_every_export(tmp_path: Path, capsys):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((12, 12, 1)), *(keras.layers.Conv2D(3, 3, name=n) for n in ("a", "b"))]
    )
    images = np.random.default_rng(0).random((2, 12, 12, 1), np.float32)
    session = CaptureSession(model, images, tmp_path)
    session.capture(0)
    model.get_layer("b").kernel.assign_add(np.full((3, 3, 3, 3), 0.1))
    session.capture(5)
    expected = Reader(tmp_path).statistics(".", 5, "b")["kernel_change"]
    assert (expected > 0).all()

    for what in ("filters", "statistics"):
        path = tmp_path / f"{what}.csv"
        assert main(["export", what, str(tmp_path), "--output", str(path)]) == 0
        rows = [row for row in rows_of(path) if row["layer"] == "b"]
        found = [
            float(row["value" if what == "statistics" else "kernel_change"])
            for row in rows
            if row.get("statistic", "kernel_change") == "kernel_change"
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    still = [row for row in rows_of(tmp_path / "filters.csv") if row["layer"] == "a"]
    assert {(row["weights_unchanged_since"], row["unchanged_since"]) for row in still} == {
        ("0", "0")
    }
    capsys.readouterr()
    assert main(["inspect", str(tmp_path), "--json"]) == 0
    step = json.loads(capsys.readouterr().out)["runs"][0]["steps"][1]
    layer = {one["layer"]: one for one in step["layers"]}
    np.testing.assert_allclose(layer["b"]["kernelChange"], expected, rtol=1e-6)
    assert (layer["a"]["unchangedSince"], layer["b"]["unchangedSince"]) == (0, None)


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
        (["filters", "--output", "filters.xlsx"], "Tables are written as .csv"),
        (["statistics", "--output", "gone/numbers.csv"], "Cannot write"),
        (
            ["filters", "--output", "f.csv", "--verdicts", "marks.csv"],
            "convlens annotate LOGDIR",
        ),
        (["filters", "--output", "f.csv", "--step", "77"], "no step 77"),
    ],
)
def test_requests_that_cannot_be_exported_are_reported(
    digits: Path, tmp_path: Path, monkeypatch, capsys, options, sentence
):
    monkeypatch.chdir(tmp_path)
    what, *more = options
    assert main(["export", what, str(digits / "logs"), *more]) == 1
    assert sentence in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
