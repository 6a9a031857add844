from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.core.judgments.mask import build_mask
from tensorboard_plugin_convlens.loading.mask_file import encode_mask
from tests.pruning.test_prune import chain, filters


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.keras"
    chain().save(path)
    return path


def mask_file(model: Path, *removed: tuple[str, int]) -> Path:
    path = model.with_name("mask.json")
    path.write_bytes(encode_mask(build_mask(filters(chain()), removed), ".json"))
    return path


def test_a_smaller_model_is_written_and_reported_to_compute_the_same(model: Path, capsys):
    output = model.with_name("smaller.keras")
    mask = mask_file(model, ("first", 2), ("second", 5))
    assert main(["prune", str(model), "--mask", str(mask), "--output", str(output)]) == 0
    said = capsys.readouterr().out
    assert "2 filters removed" in said
    assert keras.models.load_model(output).get_layer("first").filters == 7


def test_machines_get_the_numbers_as_json(model: Path, capsys):
    output = model.with_name("smaller.keras")
    command = ["prune", str(model), "--mask", str(mask_file(model, ("first", 2)))]
    assert main([*command, "--output", str(output), "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert done["removedFilters"] == 1
    assert done["parametersLeft"] == keras.models.load_model(output).count_params()
    assert 0 <= done["largestDifference"] <= 1e-5


def test_layers_that_cannot_be_pruned_are_reported_and_nothing_is_written(model: Path, capsys):
    output = model.with_name("smaller.keras")
    wrong = model.with_name("wrong.json")
    wrong.write_bytes(encode_mask(build_mask({"nowhere": 3}, [("nowhere", 0)]), ".json"))
    command = ["prune", str(model), "--mask", str(wrong)]
    assert main([*command, "--output", str(output)]) == 1
    assert "'nowhere'" in capsys.readouterr().err
    assert not output.exists()
    assert main([*command, "--output", "smaller.h5"]) == 1
    assert "is written as a .keras file" in capsys.readouterr().err


def test_the_archive_form_of_a_mask_prunes_the_same(model: Path):
    output = model.with_name("smaller.keras")
    np.savez(model.with_name("mask.npz"), first=np.arange(8) != 3)
    command = ["prune", str(model), "--mask", str(model.with_name("mask.npz"))]
    assert main([*command, "--output", str(output)]) == 0
    assert keras.models.load_model(output).get_layer("first").filters == 7
