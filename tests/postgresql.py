"""A real PostgreSQL, as its own process, for one test session."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.install_postgresql import find_postgresql

SECONDS_TO_START = 30.0


@contextmanager
def running_postgresql() -> Iterator[str]:
    """A PostgreSQL on this machine only, at a free port; yields the URL of its database."""
    programs = find_postgresql()
    assert programs is not None, (
        "There is no PostgreSQL: run python -m tools.install_postgresql."
    )
    directory = Path(tempfile.mkdtemp(prefix="postgresql-"))
    # PostgreSQL refuses to run as root; the package brings a user for it.
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        os.chown(directory, pwd.getpwnam(user).pw_uid, -1)
    data, port = directory / "data", free_port()
    made = [programs / "initdb", "-D", data, "-U", "convlens", "-A", "trust", "-E", "UTF8"]
    subprocess.run(
        [*map(str, made), "--no-sync"],
        user=user,
        cwd=directory,
        check=True,
        capture_output=True,
    )
    command = [str(programs / "postgres"), "-D", str(data), "-p", str(port)]
    command += ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
    with (directory / "log").open("wb") as log:
        server = subprocess.Popen(command, user=user, cwd=directory, stdout=log, stderr=log)
    try:
        _wait_until_ready(programs, port)
        yield f"postgresql+psycopg://convlens@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # Without waiting for those who are connected.
        server.wait(timeout=30)
        shutil.rmtree(directory)


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(programs: Path, port: int) -> None:
    ask = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + SECONDS_TO_START
    while subprocess.run(ask).returncode:
        assert time.monotonic() < deadline, "PostgreSQL did not start."
        time.sleep(0.1)
