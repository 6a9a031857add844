"""Makes sure that there is a PostgreSQL for the tests of marks, and prints where.

Takes the one of this machine if there is one, else installs Debian's package when run as root
where apt-get exists. The tests start a server of their own from it; none is left running.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

DEBIAN = Path("/usr/lib/postgresql")


def find_postgresql() -> Path | None:
    """The directory with `initdb` and `postgres`, or None."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


def install_postgresql() -> None:
    """Installs PostgreSQL without a running server; raises CalledProcessError if it fails."""
    # The package would otherwise start one.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "postgresql"]
    subprocess.run(install, check=True, env=environment)


def main() -> int:
    """Finds or installs PostgreSQL; returns the exit status."""
    if find_postgresql() is None and os.geteuid() == 0 and shutil.which("apt-get"):
        try:
            install_postgresql()
        except subprocess.CalledProcessError as error:
            print(f"PostgreSQL could not be installed: {error}", file=sys.stderr)
            return 1
    found = find_postgresql()
    if found is None:
        print("There is no PostgreSQL; install it, so that initdb is found.", file=sys.stderr)
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
