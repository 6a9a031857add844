"""A real PostgreSQL, as its own process, for one test session."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.patience import SECONDS_FOR_A_PROCESS
from tests.ports import free_port
from tools.install_postgresql import find_postgresql


class PostgreSQL:
    """A PostgreSQL of our own, on this machine only, which can be killed and started again.

    Attributes:
      url: Of its database.
    """

    def __init__(self, directory: Path) -> None:
        """Makes it in an empty directory; it does not run yet."""
        programs = find_postgresql()
        assert programs is not None, "No PostgreSQL: run python -m tools.install_postgresql."
        self._programs, self._directory, self._port = programs, directory, free_port()
        self.url = f"postgresql+psycopg://convlens@127.0.0.1:{self._port}/postgres"
        # PostgreSQL refuses to run as root; the package brings a user for it.
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(directory, pwd.getpwnam(self._user).pw_uid, -1)
        made = [programs / "initdb", "-D", directory / "data", "-U", "convlens"]
        subprocess.run(
            [*map(str, made), "-A", "trust", "-E", "UTF8", "--no-sync"],
            user=self._user,
            cwd=directory,
            check=True,
            capture_output=True,
        )

    def start(self) -> None:
        """Returns when it answers."""
        command = [str(self._programs / "postgres"), "-D", str(self._directory / "data")]
        command += ["-p", str(self._port), "-c", "listen_addresses=127.0.0.1"]
        command += ["-c", "unix_socket_directories="]
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, user=self._user, cwd=self._directory, stdout=log, stderr=log
            )
        _wait_until_ready(self._programs, self._port)

    def stop(self) -> None:
        """Ends it in order, without waiting for those who are connected."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(timeout=SECONDS_FOR_A_PROCESS)

    def kill(self) -> None:
        """Ends all of its processes without a warning."""
        everyone = [*psutil.Process(self._process.pid).children(recursive=True)]
        self._process.kill()
        self._process.wait()
        for one in everyone:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(everyone, timeout=SECONDS_FOR_A_PROCESS)


@contextmanager
def running_postgresql() -> Iterator[str]:
    """A PostgreSQL at a free port; yields the URL of its database."""
    with temporary_postgresql() as server:
        yield server.url


@contextmanager
def temporary_postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL that runs."""
    directory = Path(tempfile.mkdtemp(prefix="postgresql-"))
    server = PostgreSQL(directory)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory)


def _wait_until_ready(programs: Path, port: int) -> None:
    ask = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + SECONDS_FOR_A_PROCESS
    while subprocess.run(ask).returncode:
        assert time.monotonic() < deadline, "PostgreSQL did not start."
        time.sleep(0.1)
