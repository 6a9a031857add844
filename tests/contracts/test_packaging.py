"""What is installed has everything it needs, the built tab among it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

PACKAGE = "tensorboard_plugin_convlens"
NO_REGISTRY = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_fetch_retries": "0"}


def build(source: Path, output: Path, kind: str) -> Path:
    """Builds a "wheel" or "sdist" with no npm registry in reach; returns the archive."""
    finished = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", output],
        cwd=source,
        env={**os.environ, **NO_REGISTRY},
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (archive,) = output.iterdir()
    return archive


@pytest.fixture(scope="module")
def unpacked_sdist(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution of this repository, unpacked."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build(repository, folder / "archive", "sdist")) as archive:
        archive.extractall(folder, filter="data")
    (root,) = (path for path in folder.iterdir() if path.name != "archive")
    return root


@pytest.fixture(scope="module")
def wheel_files(unpacked_sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in the wheel that is made of the source distribution."""
    archive = build(unpacked_sdist, tmp_path_factory.mktemp("wheel"), "wheel")
    return set(zipfile.ZipFile(archive).namelist())


def test_wheel_has_every_module_and_data_file(repository: Path, wheel_files: set[str]) -> None:
    kinds = ("*.py", "*.pyi", "*.proto", "py.typed", "static/**/*")
    package = repository / PACKAGE
    expected = {path for kind in kinds for path in package.rglob(kind) if path.is_file()}
    names = {path.relative_to(repository).as_posix() for path in expected}
    assert f"{PACKAGE}/static/index.js" in names
    assert {name for name in wheel_files if name.startswith(PACKAGE + "/")} == names


def test_wheel_from_the_source_distribution_installs_no_node_modules(
    unpacked_sdist: Path, wheel_files: set[str]
) -> None:
    assert f"{PACKAGE}/static/index.js" in wheel_files
    assert not (unpacked_sdist / "frontend" / "node_modules").exists()


def test_source_distribution_has_all_that_is_in_git(
    repository: Path, unpacked_sdist: Path
) -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=repository, capture_output=True, check=True)
    names = {name for name in listed.stdout.decode().split("\0") if name}
    assert {name for name in names if not (unpacked_sdist / name).exists()} == set()
