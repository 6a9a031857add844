"""No fault of ConvLens costs a user more than the ConvLens tab."""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from tensorboard.plugins import base_plugin

from tensorboard_plugin_convlens.loader import ConvLensLoader
from tests.tensorboard_process import running_tensorboard

SERVER_PLUGIN = "tensorboard_plugin_convlens.server.plugin"


class ReadOnlyFlags(argparse.Namespace):
    """Flags that refuse to be changed."""

    samples_per_plugin: dict[str, int] | str = ""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"can't set {name}")


@pytest.mark.parametrize("unset", ["", {}, None])
def test_every_step_is_kept_unless_the_user_chose(unset: object) -> None:
    flags = argparse.Namespace(samples_per_plugin=unset)
    ConvLensLoader().fix_flags(flags)
    assert flags.samples_per_plugin == {"convlens": 0}


def test_the_users_choice_of_samples_stays() -> None:
    flags = argparse.Namespace(samples_per_plugin={"convlens": 5, "images": 3})
    ConvLensLoader().fix_flags(flags)
    assert flags.samples_per_plugin == {"convlens": 5, "images": 3}


@pytest.mark.parametrize(
    "flags",
    [
        argparse.Namespace(),
        argparse.Namespace(samples_per_plugin="images"),
        argparse.Namespace(samples_per_plugin=7),
        ReadOnlyFlags(),
    ],
    ids=["flag is gone", "flag is text", "flag is a number", "flags are read-only"],
)
def test_flags_of_another_kind_are_left_alone_and_reported(
    flags: argparse.Namespace, caplog: pytest.LogCaptureFixture
) -> None:
    ConvLensLoader().fix_flags(flags)
    assert "--samples_per_plugin convlens=0" in caplog.text


def test_defining_flags_leaves_the_empty_command_line_valid() -> None:
    parser = argparse.ArgumentParser()
    ConvLensLoader().define_flags(parser)
    parser.parse_args([])


def test_plugin_that_cannot_be_imported_is_reported_and_left_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, SERVER_PLUGIN, None)
    assert ConvLensLoader().load(base_plugin.TBContext()) is None
    assert "TensorBoard starts without it" in caplog.text


def test_plugin_that_cannot_be_made_is_reported_and_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    no_context = SimpleNamespace()
    assert ConvLensLoader().load(no_context) is None
    assert "TensorBoard starts without it" in caplog.text


@pytest.mark.parametrize("load_fast", [True, False], ids=["Rust loader", "Python loader"])
def test_tensorboard_serves_the_tab(tmp_path: Path, load_fast: bool) -> None:
    with running_tensorboard(tmp_path, load_fast=load_fast) as tensorboard:
        listing = json.loads(tensorboard.get("data/plugins_listing")[1])
        status, script = tensorboard.get("data/plugin/convlens/index.js")
    assert listing["convlens"]["tab_name"] == "ConvLens"
    assert (status, b"render" in script) == (200, True)


@pytest.mark.parametrize(
    ("broken", "content"),
    [
        ("server/plugin.py", "def f(:"),
        ("server/plugin.py", "class ConvLensPlugin:\n    pass\n"),
        ("storage/format/convlens_pb2.py", "raise ImportError('planted')"),
    ],
    ids=["syntax error", "wrong constructor", "protobuf too old"],
)
def test_tensorboard_starts_beside_a_broken_convlens(
    tmp_path: Path, repository: Path, broken: str, content: str
) -> None:
    copy = tmp_path / "packages" / "tensorboard_plugin_convlens"
    ignored = shutil.ignore_patterns("__pycache__", "static")
    shutil.copytree(repository / copy.name, copy, ignore=ignored)
    (copy / broken).write_text(content)
    environment = {"PYTHONPATH": str(copy.parent)}
    with running_tensorboard(
        tmp_path, with_tensorflow=False, environment=environment
    ) as tensorboard:
        listing = json.loads(tensorboard.get("data/plugins_listing")[1])
        log = tensorboard.log()
    assert "scalars" in listing
    assert "convlens" not in listing
    assert "The ConvLens tab could not be loaded; TensorBoard starts without it." in log
