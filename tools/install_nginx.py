"""Makes sure that there is an nginx for the test of reverse proxies, and prints where.

Takes the one of this machine if there is one, else installs Debian's package when run as root
where apt-get exists. The test starts a server of its own from it; none is left running.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tools.provided_program import has_debian_packages, install_debian_package, provide

DEBIAN = Path("/usr/sbin/nginx")


def find_nginx() -> Path | None:
    """The program, or None."""
    found = shutil.which("nginx")
    if found:
        return Path(found)
    return DEBIAN if DEBIAN.is_file() else None


def install_nginx() -> None:
    """Installs nginx.

    Raises:
      CalledProcessError: Debian's package cannot be installed.
      RuntimeError: We may not install packages.
    """
    if not has_debian_packages():
        raise RuntimeError("install it with this system's own means, so that nginx is found.")
    install_debian_package("nginx-light")


if __name__ == "__main__":
    sys.exit(provide("nginx", find_nginx, install_nginx))
