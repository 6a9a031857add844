"""Makes sure that there is a Chromium for the tests of the tab, and prints where.

Takes the system's own if there is one, else installs Debian's package when run as root
where apt-get exists, else the build that Playwright brings, for this user.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tools.provided_program import has_debian_packages, install_debian_package, provide

SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_browser() -> Path | None:
    """The Chromium to test with: the system's, else Playwright's, else None."""
    for name in SYSTEM_NAMES:
        if found := shutil.which(name):
            return Path(found)
    with sync_playwright() as playwright:
        bundled = Path(playwright.chromium.executable_path)
    return bundled if bundled.is_file() else None


def install_browser() -> None:
    """Installs a Chromium; raises CalledProcessError if the installer fails."""
    if has_debian_packages():
        install_debian_package("chromium")
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    sys.exit(provide("Chromium", find_browser, install_browser))
