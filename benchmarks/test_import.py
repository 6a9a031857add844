"""What ConvLens adds to every start of TensorBoard."""

from __future__ import annotations

import subprocess
import sys

import pytest
from pytest_benchmark.fixture import BenchmarkFixture


@pytest.mark.parametrize(
    "module",
    [
        "tensorboard.plugins.base_plugin",
        "tensorboard_plugin_convlens.loader",
        "tensorboard_plugin_convlens.server.plugin",
    ],
)
def test_import_in_a_new_interpreter(benchmark: BenchmarkFixture, module: str) -> None:
    command = [sys.executable, "-c", f"import {module}"]
    benchmark.pedantic(subprocess.run, (command,), {"check": True}, rounds=5, warmup_rounds=1)
