"""Real TensorBoards that marks are made through: killed, kept from writing, out of space."""

from __future__ import annotations

import dataclasses
import http.client
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from tensorboard_plugin_convlens.core.records import StepKey
from tensorboard_plugin_convlens.marks.address import StoreAddress
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures
from tests.marks.mark_request import RUN
from tests.patience import SECONDS_FOR_A_PROCESS
from tests.ports import free_port
from tests.tensorboard_process import WITHOUT_TENSORFLOW

ROUTE = "/data/plugin/convlens"
# Root may write everywhere, by two capabilities; nobody else has them.
_WITHOUT_ROOTS_RIGHTS = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class MarkServer:
    """A TensorBoard at a port of its own, which can be killed and started again.

    Attributes:
      url: Its address, ending in a slash.
    """

    def __init__(
        self,
        log_dir: Path,
        address: StoreAddress,
        *,
        roots_rights: bool = True,
        arguments: Sequence[str] = (),
    ) -> None:
        """Starts it.

        Args:
          log_dir: Its log directory.
          address: Where marks are kept.
          roots_rights: Whether file permissions do not count for it, if we are root.
          arguments: More of its flags.
        """
        self._port = free_port()
        self.url = f"http://localhost:{self._port}/"
        before = () if roots_rights else ("-P", "-c", _WITHOUT_ROOTS_RIGHTS)
        self._command = [sys.executable, *before, "-P", "-c", WITHOUT_TENSORFLOW]
        self._command += [f"--logdir={log_dir}", f"--port={self._port}", "--reload_interval=5"]
        self._command += arguments
        if address.file is None:
            self._command += [f"--convlens_db={address.url}"]
            self._command += [f"--convlens_collection={address.collection}"]
        self.start()

    def start(self) -> None:
        """Starts it anew, at the same port."""
        # Its own data server must end with it, and does when their common pipe closes.
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        """Ends it without a warning."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def limit_files(self, size: int | None) -> None:
        """No file may grow beyond so many bytes from now on; None takes the limit away."""
        none = resource.RLIM_INFINITY
        limits = (none if size is None else size, none)
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, limits)

    def processor_seconds(self) -> float:
        """What it has computed so far, on all processors."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def ask(self, method: str, route: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of an answer; waits while TensorBoard starts."""
        content = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", "X-ConvLens": "1"}
        patience = time.monotonic() + SECONDS_FOR_A_PROCESS
        while True:
            connection = http.client.HTTPConnection(
                "localhost", self._port, timeout=SECONDS_FOR_A_PROCESS
            )
            try:
                connection.request(method, f"{ROUTE}/{route}", content, headers)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
            except (OSError, http.client.HTTPException):
                assert time.monotonic() < patience, f"No answer from {self.url}."
                time.sleep(0.05)
            finally:
                connection.close()

    def wait_for_run(self) -> None:
        """Returns when it has found the run."""
        while not self.ask("GET", "runs")[1]["runs"]:
            time.sleep(0.05)

    def marks(self) -> dict[str, Any]:
        """What the route of marks tells."""
        status, body = self.ask("GET", f"marks?run={RUN}")
        assert status == 200, body
        found: dict[str, Any] = body
        return found


def write_run(log_dir: Path, filters: int) -> StepKey:
    """A capture of a layer with so many filters."""
    writer = Writer(log_dir, run=RUN, kind="training")
    small = captures.graph()
    layers = (
        small.layers[0],
        dataclasses.replace(small.layers[1], channels=filters),
        *small.layers[2:],
    )
    captures.write_step(writer, 0, model=dataclasses.replace(small, layers=layers))
    return StepKey(0, writer.session)
