"""Generated files are what their generators make of their sources today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools import generate_cli_docs, generate_protos

ROOT = Path(__file__).resolve().parents[2]
GENERATORS = sorted((ROOT / "tools").glob("generate_*.py"))


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda path: path.name)
def test_generated_files_are_current(generator: Path) -> None:
    finished = subprocess.run(
        [sys.executable, generator, "--check"], capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda path: path.name)
def test_make_check_and_make_generate_run_every_generator(generator: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert f"tools/{generator.name}\n" in makefile
    assert f"tools/{generator.name} --check\n" in makefile


def test_stale_missing_and_orphaned_protobuf_code_is_seen(tmp_path: Path) -> None:
    package = tmp_path / generate_protos.PACKAGE.name
    package.mkdir()
    (package / "small.proto").write_text('syntax = "proto3"; message Small { bool on = 1; }')
    (package / "small_pb2.py").write_text("# stale")
    (package / "gone_pb2.py").write_text("# has no .proto")
    stale = generate_protos.stale_files(tmp_path, generate_protos.compile_protos(tmp_path))
    assert [path.name for path in stale] == ["gone_pb2.py", "small_pb2.py", "small_pb2.pyi"]


def test_a_refused_definition_is_reported_with_its_place(tmp_path: Path) -> None:
    package = tmp_path / generate_protos.PACKAGE.name
    package.mkdir()
    (package / "small.proto").write_text('syntax = "proto3"; message {')
    with pytest.raises(generate_protos.CompilerError, match=r"small\.proto:1"):
        generate_protos.compile_protos(tmp_path)


def test_generated_code_is_of_the_oldest_protobuf_allowed() -> None:
    generated = (
        ROOT / "tensorboard_plugin_convlens/storage/format/convlens_pb2.py"
    ).read_text()
    assert "# Protobuf Python Version: 6.31.1\n" in generated
    assert '"protobuf>=6.31.1,<8"' in (ROOT / "pyproject.toml").read_text()


def test_page_of_the_command_line_has_every_subcommand() -> None:
    page = generate_cli_docs.page()
    for name in generate_cli_docs.subcommands():
        assert f"\n## convlens {name}\n" in page
