"""The processes of the demo: each fails alone, and all end with the command."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import FrameType
from typing import Any, Self

SECONDS_TO_END = 10.0


class DemoProcesses:
    """Starts parts of the demo; at the end of the `with` block all of them have ended.

    Ctrl-C in a terminal does not interrupt them, only this process, which ends them. If it is
    killed, they notice that their standard input is closed.

    Attributes:
      scratch: A directory until the end.
    """

    def __enter__(self) -> Self:
        """Returns itself."""
        self._directory = tempfile.TemporaryDirectory(prefix="convlens-demo-")
        self.scratch = Path(self._directory.name)
        self._started: list[subprocess.Popen[bytes]] = []
        self._handlers = {
            number: signal.signal(number, _interrupt)
            for number in (signal.SIGTERM, signal.SIGHUP)
        }
        return self

    def __exit__(self, *fault: object) -> None:
        """Ends all processes."""
        for process in self._started:
            _send(process, signal.SIGTERM)
        for process in self._started:
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                _send(process, signal.SIGKILL)
                process.wait()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._directory.cleanup()

    def start(
        self, part: str, *arguments: str, output: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Starts a part.

        Args:
          part: `digits`, `vgg16` or `serve`.
          arguments: The log directory, and further arguments of the part.
          output: The file that it prints into; where this process prints by default.
        """
        command = [sys.executable, "-m", "tensorboard_plugin_convlens.cli.demo_part"]
        log = output.open("wb") if output else None
        process = subprocess.Popen(
            [*command, part, *arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            process_group=0,
        )
        if log:
            log.close()
        self._started.append(process)
        return process


def end_with_parent() -> None:
    """Ends this process when the process that started it ends for any reason."""

    def watch() -> None:
        os.read(0, 1)
        os.kill(0, signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


def answers(port: int) -> bool:
    """Whether a TensorBoard with the ConvLens tab answers at a port of this machine."""
    connection = http.client.HTTPConnection("localhost", port, timeout=5)
    try:
        connection.request("GET", "/data/plugins_listing")
        answer = connection.getresponse()
        return answer.status == 200 and b'"convlens"' in answer.read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _interrupt(number: int, frame: FrameType | None) -> Any:
    raise SystemExit(128 + number)


def _send(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Sends a signal to a process and to those that it started."""
    if process.poll() is None:
        os.killpg(process.pid, number)
