"""The public names: there, documented, and the same in whatever order things are imported."""

from __future__ import annotations

import inspect
import pkgutil
import subprocess
import sys

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


@pytest.mark.parametrize("module", ["recording.capture", "recording.callback", "engine.engine"])
def test_no_module_takes_the_place_of_a_public_name(module: str) -> None:
    run_in_new_interpreter(
        f"import {PACKAGE}.{module}",
        FUNCTION_IS_FOUND,
        f"import {PACKAGE}.{module} as again",
        FUNCTION_IS_FOUND,
    )


def test_no_room_has_the_name_of_something_public() -> None:
    rooms = {
        module.name for module in pkgutil.iter_modules(tensorboard_plugin_convlens.__path__)
    }
    assert "recording" in rooms
    assert not rooms & set(PUBLIC)


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
