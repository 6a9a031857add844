"""Which run a command is about where none is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tensorboard_plugin_convlens.cli.chosen_run import chosen_run
from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.core.errors import InputError
from tests import captures
from tests.e2e import logs


def written(log_dir: Path, *runs: str) -> str:
    """A log directory with a capture in each of some runs."""
    graph = logs.chain(["conv"], channels=2, side=4)
    for run in runs:
        maps = {1: np.ones((2, 4, 4), np.float32)}
        logs.write(log_dir, run, logs.Pictures(graph, captures.images(), maps))
    return str(log_dir)


def test_the_only_run_is_taken_whatever_its_name(tmp_path: Path, capsys):
    log_dir = written(tmp_path / "logs", "train")

    assert chosen_run(log_dir, None) == "train"
    table = tmp_path / "table.csv"
    assert main(["export", "filters", log_dir, "--output", str(table)]) == 0
    assert "of step 0" in capsys.readouterr().err


def test_the_log_directory_itself_goes_before_the_runs_below_it(tmp_path: Path):
    assert chosen_run(written(tmp_path, ".", "other"), None) == "."


def test_if_there_are_several_runs_one_must_be_named(tmp_path: Path):
    log_dir = written(tmp_path, "one", "two")

    assert chosen_run(log_dir, "two") == "two"
    with pytest.raises(InputError, match=r"several runs: one, two\. Choose one with --run"):
        chosen_run(log_dir, None)


def test_without_captures_it_is_the_log_directory_itself(tmp_path: Path):
    assert chosen_run(str(tmp_path), None) == "."
