"""TensorBoard imports the plugin at every start, so what that imports is a contract."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PACKAGE = "tensorboard_plugin_convlens"


def modules_loaded_by(statement: str) -> set[str]:
    """Names of the modules that a fresh interpreter has loaded after `statement`."""
    program = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(json.loads(finished.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "module", [PACKAGE, f"{PACKAGE}.loader", f"{PACKAGE}.server.plugin", f"{PACKAGE}.cli.main"]
)
def test_import_does_not_load_tensorflow_or_keras(module: str) -> None:
    loaded = modules_loaded_by(f"import {module}")
    assert module in loaded
    assert not loaded & {"tensorflow", "keras"}


def test_the_plugin_does_not_load_the_database_of_marks() -> None:
    loaded = modules_loaded_by(f"import {PACKAGE}.server.plugin")
    assert f"{PACKAGE}.server.mark_routes" in loaded
    assert not loaded & {"sqlalchemy", "psycopg", "psutil"}


def test_the_check_sees_tensorflow_when_it_is_loaded() -> None:
    assert "tensorflow" in modules_loaded_by("import sys; sys.modules['tensorflow'] = sys")


def test_loader_adds_nothing_to_tensorboards_own_plugin_class_but_itself() -> None:
    base = modules_loaded_by("import tensorboard.plugins.base_plugin")
    added = modules_loaded_by(f"import {PACKAGE}.loader") - base
    foreign = {name for name in added if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign == {PACKAGE, f"{PACKAGE}.loader"}


def test_package_alone_loads_no_other_package() -> None:
    added = modules_loaded_by(f"import {PACKAGE}") - modules_loaded_by("pass")
    foreign = {name for name in added if name.split(".")[0] not in sys.stdlib_module_names}
    assert foreign == {PACKAGE}
