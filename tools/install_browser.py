"""Makes sure that there is a Chromium for the tests of the tab, and prints where.

Takes the system's own if there is one, else installs Debian's package when run as root
where apt-get exists, else the build that Playwright brings, for this user.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

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
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
        subprocess.run(install, check=True)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


def main() -> int:
    """Finds or installs the browser; returns the exit status."""
    browser = find_browser()
    if browser is None:
        try:
            install_browser()
        except subprocess.CalledProcessError as error:
            print(f"Chromium could not be installed: {error}", file=sys.stderr)
            return 1
        browser = find_browser()
    if browser is None:
        print("A browser was installed but is not on the PATH.", file=sys.stderr)
        return 1
    print(browser)
    return 0


if __name__ == "__main__":
    sys.exit(main())
