"""Log directories that come from elsewhere, with a database of marks in them."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

from tensorboard.plugins import base_plugin
from werkzeug import test as werkzeug_test
from werkzeug import wrappers

from tensorboard_plugin_convlens.marks.address import find_store
from tensorboard_plugin_convlens.marks.store import MarkStore
from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin
from tests.marks.mark_request import RUN, request
from tests.marks.mark_server import write_run

GOLDEN = Path(__file__).parent.parent / "golden" / "annotations_v1.sql"
Answer = tuple[int, Any]


def database_of(log_dir: Path) -> Path:
    """Where marks are kept beside the logs; its directory is made."""
    file = log_dir / ".convlens" / "annotations.db"
    file.parent.mkdir(parents=True, exist_ok=True)
    return file


def write_first_release(file: Path) -> None:
    """A database as the first release wrote it, with marks of filters 3 and 4 of conv1."""
    with sqlite3.connect(file) as database:
        database.executescript(GOLDEN.read_text(encoding="utf-8"))
        database.execute("PRAGMA journal_mode = WAL")
    database.close()


class Asked:
    """The routes of marks of a log directory with one run, past TensorBoard itself."""

    def __init__(self, log_dir: Path) -> None:
        """Writes the run and makes the plugin."""
        self.step = write_run(log_dir, 6)
        provider = _OneRun()
        context = base_plugin.TBContext(logdir=str(log_dir), data_provider=provider)
        self._plugin = ConvLensPlugin(context)
        self._apps: dict[str, Any] = self._plugin.get_plugin_apps()

    def close(self) -> None:
        """Closes the database, as the end of TensorBoard does."""
        self._plugin.close()

    def marks(self) -> Answer:
        """Status and body of `/marks`."""
        return self._send("/marks", query_string={"run": RUN})

    def history(self, channel: int) -> Answer:
        """Status and body of `/mark_history`."""
        query = {"run": RUN, "path": "conv1", "call": 0, "channel": channel}
        return self._send("/mark_history", query_string=query)

    def mark(self, channel: int, base: int = 0) -> Answer:
        """Status and body of `/mark`."""
        step = self.step
        body = request(step.step, step.session, channel, base=base, author="ann", note="")
        return self._send("/mark", method="POST", json=body)

    def _send(self, route: str, **options: Any) -> Answer:
        client = werkzeug_test.Client(self._apps[route], wrappers.Response)
        headers = {"X-ConvLens": "1", "Host": "localhost:6006"}
        answer = client.open(route, headers=headers, **options)
        return answer.status_code, answer.get_json()


class _OneRun:
    """The data provider of a log directory with one run."""

    def list_blob_sequences(self, *_: object, **__: object) -> dict[str, Any]:
        return {}

    def list_tensors(self, *_: object, **__: object) -> dict[str, Any]:
        return {RUN: {"convlens/index": None}}


def everything_below(directory: Path) -> dict[str, tuple[object, ...]]:
    """All that a directory holds, with the bytes, modes and times of change."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(directory.rglob("*")):
        status = os.lstat(path)
        ordinary = stat.S_ISREG(status.st_mode)
        content = path.read_bytes() if ordinary and os.access(path, os.R_OK) else b""
        found[str(path)] = (status.st_mode, status.st_nlink, status.st_mtime_ns, content)
    return found


def shown_channels(log_dir: Path) -> list[int]:
    """The filters that have marks, as the store sees them."""
    store = MarkStore(find_store(log_dir))
    try:
        return [event.mark.key.channel for event in store.current(RUN).events]
    finally:
        store.close()
