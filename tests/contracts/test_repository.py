"""The repository travels: nothing in it is of one machine or one network."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

# A lock file or a copied log brings these in; links to a project's page are another thing.
REGISTRIES = re.compile(r"registry\.npmjs\.org|files\.pythonhosted\.org|pypi\.org/simple")
MACHINE_PATHS = re.compile(r"(?<![\w.~$}/:*-])/(?:root|work|opt|farm|Users|home|private)/\w")
LARGEST_FILE = 1_500_000  # bytes


def repository_files(repository: Path) -> list[Path]:
    """The files that git tracks or would."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=repository, capture_output=True, check=True)
    paths = [repository / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def lines_matching(pattern: re.Pattern[str], path: Path) -> list[str]:
    """Lines of a text file that match; a binary file has none."""
    text = path.read_text(encoding="utf-8", errors="ignore")
    if "\0" in text:
        return []
    return [f"{path.name}: {line}" for line in text.splitlines() if pattern.search(line)]


@pytest.mark.parametrize("pattern", [REGISTRIES, MACHINE_PATHS], ids=["registries", "paths"])
def test_no_file_names_one_network_or_machine(
    pattern: re.Pattern[str], repository: Path
) -> None:
    files = repository_files(repository)
    assert [line for path in files for line in lines_matching(pattern, path)] == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (REGISTRIES, "https://" + "registry." + "npmjs.org/vite"),
        (MACHINE_PATHS, "open('/" + "root/model.keras')"),
        (MACHINE_PATHS, "at /" + "home/somebody"),
    ],
)
def test_such_a_line_is_seen(pattern: re.Pattern[str], line: str, tmp_path: Path) -> None:
    (tmp_path / "planted.txt").write_text(f"first\n{line}\n")
    assert lines_matching(pattern, tmp_path / "planted.txt") == [f"planted.txt: {line}"]


def test_lock_file_has_hashes_and_no_addresses(repository: Path) -> None:
    lock = json.loads((repository / "frontend" / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if "resolved" in entry] == []
    assert [name for name, entry in packages.items() if "integrity" not in entry] == []


def test_no_file_is_too_large_to_clone_with_pleasure(repository: Path) -> None:
    files = repository_files(repository)
    assert [path.name for path in files if path.stat().st_size > LARGEST_FILE] == []


def test_built_tab_is_not_in_git(repository: Path) -> None:
    static = repository / "tensorboard_plugin_convlens" / "static"
    assert not [path for path in repository_files(repository) if static in path.parents]
