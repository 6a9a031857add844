"""The public names: there, documented, and the same in whatever order things are imported."""

from __future__ import annotations

import inspect
import subprocess
import sys
from types import ModuleType

import pytest

import tensorboard_plugin_convlens

PUBLIC = [name for name in tensorboard_plugin_convlens.__all__ if not name.startswith("__")]
PACKAGE = "tensorboard_plugin_convlens"
FUNCTION_IS_FOUND = (
    f"from {PACKAGE} import capture; import inspect;"
    "assert inspect.isfunction(capture) and capture.__name__ == 'capture', capture"
)


def run_in_new_interpreter(*statements: str) -> None:
    """Runs the statements; fails the test with their traceback if one raises."""
    finished = subprocess.run(
        [sys.executable, "-c", "\n".join(statements)], capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_is_documented_with_an_example(name: str) -> None:
    documentation = inspect.getdoc(getattr(tensorboard_plugin_convlens, name)) or ""
    assert "Example:" in documentation, f"{name} has no example in its docstring"


@pytest.mark.parametrize("name", tensorboard_plugin_convlens.__all__)
def test_public_name_is_listed_before_it_is_loaded(name: str) -> None:
    run_in_new_interpreter(f"import {PACKAGE}", f"assert {name!r} in dir({PACKAGE})")


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'feature_map'"):
        tensorboard_plugin_convlens.feature_map  # noqa: B018


def test_capture_is_the_function_when_it_is_imported_first() -> None:
    run_in_new_interpreter(
        FUNCTION_IS_FOUND,
        f"from {PACKAGE}.capture import engine",
        f"import {PACKAGE}.capture.callback",
        FUNCTION_IS_FOUND,
    )


def test_capture_is_the_function_after_the_sub_package_was_imported() -> None:
    run_in_new_interpreter(
        f"import {PACKAGE}.capture.engine",
        FUNCTION_IS_FOUND,
        f"import {PACKAGE}",
        f"assert {PACKAGE}.capture is capture",
    )


def test_modules_of_the_sub_package_are_importable_after_the_function() -> None:
    run_in_new_interpreter(
        FUNCTION_IS_FOUND,
        f"from {PACKAGE}.capture import engine",
        f"from {PACKAGE}.capture.capture import capture as same",
        "import importlib",
        f"assert importlib.import_module('{PACKAGE}.capture.engine') is engine",
        "assert same is capture",
    )


@pytest.mark.parametrize("first", [FUNCTION_IS_FOUND, "pass"], ids=["after it", "before it"])
def test_modules_beside_the_function_are_importable_by_their_whole_names(first: str) -> None:
    run_in_new_interpreter(
        first,
        f"import {PACKAGE}.capture.engine as engine",
        f"import {PACKAGE}.capture.capture as module",
        f"import {PACKAGE}.storage.reader as reader",
        "assert engine.Engine and module.capture and reader.Reader",
        FUNCTION_IS_FOUND,
        f"import {PACKAGE}.capture.gates as gates",
        "assert gates is capture.gates and inspect.signature(capture).parameters['log_dir']",
    )


def test_only_the_sub_package_is_kept_from_the_name_capture(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    function = tensorboard_plugin_convlens.capture
    monkeypatch.setattr(tensorboard_plugin_convlens, "capture", ModuleType("capture"))
    assert tensorboard_plugin_convlens.capture is function
    monkeypatch.setattr(tensorboard_plugin_convlens, "capture", print)
    assert tensorboard_plugin_convlens.capture is print  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("missing", ["keras", "tensorflow"])
def test_capturing_without_tensorflow_says_what_to_install(missing: str) -> None:
    run_in_new_interpreter(
        "import sys",
        f"sys.modules[{missing!r}] = None",  # As if it were not installed.
        "try:",
        f"    from {PACKAGE} import ConvLensCallback",
        "except ModuleNotFoundError as error:",
        f"    assert 'needs {missing}, which is not installed' in str(error), error",
        "    assert 'tensorboard-plugin-convlens[tensorflow]' in str(error)",
        "else:",
        "    raise AssertionError('it was imported')",
    )


def test_logs_can_be_read_without_tensorflow() -> None:
    run_in_new_interpreter(
        "import sys",
        "sys.modules['keras'] = sys.modules['tensorflow'] = None",
        f"from {PACKAGE} import Reader, summary",
        "assert Reader('nowhere').runs() == ()",
    )
