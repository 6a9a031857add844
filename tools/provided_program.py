"""Programs that tests need beside Python: found, or installed where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path


def provide(name: str, find: Callable[[], Path | None], install: Callable[[], None]) -> int:
    """Finds or installs a program and prints where it is.

    Args:
      name: Of the program, for people.
      find: Where it is, or None.
      install: Installs it, or raises CalledProcessError or RuntimeError.

    Returns:
      The exit status.
    """
    found = find()
    if found is None:
        try:
            install()
        except (subprocess.CalledProcessError, RuntimeError) as error:
            print(f"{name} could not be installed: {error}", file=sys.stderr)
            return 1
        found = find()
    if found is None:
        print(f"{name} was installed but is not on the PATH.", file=sys.stderr)
        return 1
    print(found)
    return 0


def has_debian_packages() -> bool:
    """Whether we may install them: we are root, on Debian or one of its kin."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install_debian_package(package: str) -> None:
    """Installs a package without what it only recommends, and without starting a server.

    Raises:
      CalledProcessError: It cannot be installed.
    """
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
    ):
        subprocess.run(command, check=True, env=environment)
