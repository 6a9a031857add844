"""Makes sure that there is a PostgreSQL for the tests of marks, and prints where.

Takes the one of this machine if there is one, else installs Debian's package when run as root
where apt-get exists. The tests start a server of their own from it; none is left running.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tools.provided_program import has_debian_packages, install_debian_package, provide

DEBIAN = Path("/usr/lib/postgresql")


def find_postgresql() -> Path | None:
    """The directory with `initdb` and `postgres`, or None."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def install_postgresql() -> None:
    """Installs PostgreSQL.

    Raises:
      CalledProcessError: Debian's package cannot be installed.
      RuntimeError: We may not install packages.
    """
    if not has_debian_packages():
        raise RuntimeError("install it with this system's own means, so that initdb is found.")
    install_debian_package("postgresql")


if __name__ == "__main__":
    sys.exit(provide("PostgreSQL", find_postgresql, install_postgresql))
