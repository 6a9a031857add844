"""How much memory answers take: python -m tests.server.memory_of_answers QUESTIONS LOG_DIR…

Each log directory is asked the questions in the file, JSON, over TensorBoard's own application.
Prints, as JSON, by how many megabytes the process had grown at most meanwhile, since it had
answered about the first of them, and the status codes. On Linux only.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from tensorboard.backend import application
from tensorboard.plugins import base_plugin
from werkzeug import test as werkzeug_test
from werkzeug import wrappers

from tensorboard_plugin_convlens.server.plugin import ConvLensPlugin
from tests.server.asking import ROOT
from tests.server.conftest import python_provider


def main(questions: Path, log_dirs: list[Path]) -> None:
    """Asks, and prints."""
    asked = json.loads(questions.read_text())
    ask(log_dirs[0], asked)  # Now everything is imported.
    before = memory("VmRSS")
    found = []
    for log_dir in log_dirs[1:]:
        Path("/proc/self/clear_refs").write_text("5")  # The peak begins anew, see proc(5).
        statuses = ask(log_dir, asked)
        peak = memory("VmHWM") - before
        found.append({"log": log_dir.name, "peak": peak, "statuses": statuses})
    print(json.dumps(found))


def ask(log_dir: Path, asked: list[tuple[str, dict[str, object]]]) -> dict[str, list[int]]:
    """The status codes of the answers, by route."""
    statuses: dict[str, set[int]] = {}
    with python_provider(log_dir) as provider:
        context = base_plugin.TBContext(logdir=str(log_dir), data_provider=provider)
        wsgi = application.TensorBoardWSGI(
            [ConvLensPlugin(context)], path_prefix="", data_provider=provider
        )
        client = werkzeug_test.Client(wsgi, wrappers.Response)
        for route, query in asked:
            answer = client.get(
                f"{ROOT}{route}",
                query_string=query,
                headers={"Accept-Encoding": "gzip"},
                buffered=False,
            )
            for _ in answer.iter_encoded():  # As a server sends it: part by part.
                pass
            statuses.setdefault(route, set()).add(answer.status_code)
            answer.close()
    return {route: sorted(codes) for route, codes in statuses.items()}


def memory(what: str) -> float:
    """Megabytes of this process, now (VmRSS) or at most (VmHWM)."""
    found = re.search(rf"{what}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / 1e6


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(one) for one in sys.argv[2:]])
