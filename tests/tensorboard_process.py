"""A real TensorBoard, as its own process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.patience import SECONDS_FOR_A_PROCESS

# TensorBoard as it runs where TensorFlow is not installed. It starts in a fifth of the time.
WITHOUT_TENSORFLOW = """
import sys, types
sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
from tensorboard.main import run_main
run_main()
"""

_ADDRESS = re.compile(r"(http://\S+?:\d+\S*) \(Press CTRL\+C to quit\)")


@dataclass(frozen=True)
class TensorBoardProcess:
    """A running TensorBoard.

    Attributes:
      url: Its address, ending in a slash.
      pid: Its process id.
      output: The file it prints into.
    """

    url: str
    pid: int
    output: Path

    def log(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(errors="replace")

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of a GET; `path` is relative, such as "data/plugins_listing"."""
        try:
            with urllib.request.urlopen(
                self.url + path, timeout=SECONDS_FOR_A_PROCESS
            ) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@contextmanager
def running_tensorboard(
    logdir: Path | None,
    *,
    load_fast: bool = True,
    with_tensorflow: bool = True,
    arguments: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
) -> Iterator[TensorBoardProcess]:
    """TensorBoard on `logdir` at a free port, with the Rust loader or the Python one.

    Without TensorFlow it starts much faster, and reads files by its own means.
    It runs the ConvLens that is installed, whatever the working directory holds (`-P`).
    """
    main = ("-m", "tensorboard.main") if with_tensorflow else ("-c", WITHOUT_TENSORFLOW)
    command = [
        *(sys.executable, "-P", *main, "--port=0", "--reload_interval=1"),
        *((f"--logdir={logdir}",) if logdir else ()),
        *(f"--load_fast={str(load_fast).lower()}", *arguments),
    ]
    with tempfile.NamedTemporaryFile(prefix="tensorboard-") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        try:
            log = Path(output.name)
            yield TensorBoardProcess(_address(process, log), process.pid, log)
        finally:
            process.terminate()
            process.wait(timeout=SECONDS_FOR_A_PROCESS)


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    """Waits until TensorBoard says where it is."""
    deadline = time.monotonic() + SECONDS_FOR_A_PROCESS
    while time.monotonic() < deadline and process.poll() is None:
        if found := _ADDRESS.search(output.read_text(errors="replace")):
            return found[1].rstrip("/") + "/"
        time.sleep(0.1)
    raise RuntimeError(f"TensorBoard did not start:\n{output.read_text(errors='replace')}")
