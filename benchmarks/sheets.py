"""Measures what a sheet costs to be sent, and writes its section.

python -m benchmarks.sheets

TensorBoard with ConvLens, and beside it, in the same run, a bare werkzeug application that
sends the same bytes from memory, behind the same class of server. What counts is processor time
of the server per request: it does not depend on how busy the machine is with other things.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from tensorboard import program
from werkzeug.wrappers import Request, Response

from benchmarks.results import table, write_section
from benchmarks.tensorboard_memory import ROUTE
from tests import captures
from tests.tensorboard_process import running_tensorboard

FILTERS, SIDE = 64, 28
ROUNDS, CLIENTS, REQUESTS_EACH = 5, 64, 12
VIEWERS, PAGES, SECONDS_PER_PAGE = 20, 8, 2.0


def main() -> None:
    """Writes a log directory, measures, prints and keeps the tables."""
    captures.FILTERS, captures.SIDE = FILTERS, SIDE
    with tempfile.TemporaryDirectory() as scratch:
        captures.write_run(Path(scratch, "logs"), "train", steps=tuple(range(4)))
        with running_tensorboard(Path(scratch, "logs"), load_fast=True) as server:
            time.sleep(5)
            pages = list_pages(server.url)
            content = ask(server.url, pages[0][1])
            Path(scratch, "sheet").write_bytes(content)
            with bare_server(Path(scratch, "sheet")) as (url, pid):
                body = compare(server.url + pages[0][1], server.pid, url, pid, len(content))
            body += "\n\n" + measure_viewers(server.url, pages)
    print(body)
    write_section("Sheets over HTTP", body)


def compare(ours: str, our_pid: int, bare: str, bare_pid: int, size: int) -> str:
    """Processor time per request of both servers, in turns."""
    ratios: list[float] = []
    rows: dict[str, list[float]] = {"ConvLens": [], "bare werkzeug": []}
    errors = 0
    for _ in range(ROUNDS):
        took = {}
        for name, url, pid in (("ConvLens", ours, our_pid), ("bare werkzeug", bare, bare_pid)):
            took[name], failed = processor_time(url, pid)
            rows[name].append(took[name])
            errors += failed
        ratios.append(took["bare werkzeug"] / took["ConvLens"])
    lines = [
        [name, f"{1e3 * statistics.median(times):.2f}", f"{1e3 * min(times):.2f}"]
        for name, times in rows.items()
    ]
    return (
        f"{table(('server', 'ms of processor time a request, median', 'least'), lines)}\n\n"
        f"A sheet of {FILTERS} filters of {SIDE} by {SIDE}, {size / 1e3:.0f} kB, {CLIENTS} "
        f"clients at once, {ROUNDS} rounds: {100 * statistics.median(ratios):.0f} % of the "
        f"rate of the bare application ({100 * min(ratios):.0f} to "
        f"{100 * max(ratios):.0f}; goal 90), {errors} errors."
    )


def processor_time(url: str, pid: int) -> tuple[float, int]:
    """Seconds of a server's processor time per request, and how many requests failed."""
    process = psutil.Process(pid)
    before = sum(process.cpu_times()[:2])
    failed = at_once(CLIENTS, lambda _: sum(not fetch(url) for _ in range(REQUESTS_EACH)))
    spent = sum(process.cpu_times()[:2]) - before
    return spent / (CLIENTS * REQUESTS_EACH), sum(failed)


def measure_viewers(url: str, pages: list[list[str]]) -> str:
    """How long people wait who page through layers, for all requests of a page in turn."""
    waited: list[float] = []

    def view(viewer: int) -> int:
        time.sleep(SECONDS_PER_PAGE * viewer / VIEWERS)
        for page in range(PAGES):
            start = time.perf_counter()
            for path in pages[(viewer + page) % len(pages)]:
                ask(url, path)
            waited.append(time.perf_counter() - start)
            time.sleep(SECONDS_PER_PAGE)
        return 0

    at_once(VIEWERS, view)
    waited.sort()
    late = waited[int(0.99 * len(waited))]
    return (
        f"{VIEWERS} people, each with another layer of {FILTERS} filters every "
        f"{SECONDS_PER_PAGE:.0f} s, its numbers and {len(pages[0]) - 1} sheets: "
        f"{1e3 * statistics.median(waited):.0f} ms in the median, {1e3 * late:.0f} ms for the "
        "slowest of a hundred (goal 300)."
    )


def at_once(count: int, work: Callable[[int], int]) -> list[int]:
    """Does something in so many threads; what each returns."""
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda index=index: found.append(work(index)))
        for index in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def list_pages(url: str) -> list[list[str]]:
    """For every layer of every step what a tab asks when it is opened."""
    pages = []
    for step in json.loads(ask(url, f"{ROUTE}/runs", plain=True))["runs"][0]["steps"]:
        query = {"run": "train", "step": step["step"], "session": step["session"]}
        for layer in (1, 2):
            asked = urllib.parse.urlencode(query | {"layer": layer, "input": 0})
            path = f"{ROUTE}/layer?{asked}"
            sheets = json.loads(ask(url, path, plain=True))["sheets"]
            of_sheets = (
                urllib.parse.urlencode(query | {"sha256": one["sha256"]}) for one in sheets
            )
            pages.append([path, *(f"{ROUTE}/sheet?{one}" for one in of_sheets)])
    return pages


def fetch(url: str) -> bool:
    """Whether a request had an answer."""
    root, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(root, timeout=60)
    try:
        connection.request("GET", f"/{path}", headers={"Accept-Encoding": "gzip"})
        answer = connection.getresponse()
        return answer.status == 200 and len(answer.read()) > 0
    except OSError:
        return False
    finally:
        connection.close()


def ask(url: str, path: str, *, plain: bool = False) -> bytes:
    """The body of an answer as it is sent, or inflated."""
    root = url.removeprefix("http://").rstrip("/")
    connection = http.client.HTTPConnection(root, timeout=60)
    connection.request("GET", f"/{path}", headers={"Accept-Encoding": "gzip"})
    body = connection.getresponse().read()
    connection.close()
    return gzip.decompress(body) if plain else body


@contextmanager
def bare_server(content: Path) -> Iterator[tuple[str, int]]:
    """Address and process of a server that sends the bytes in a file."""
    command = [sys.executable, "-m", "benchmarks.sheets", "--serve", str(content)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process.pid
        finally:
            process.terminate()


def serve(content: bytes) -> None:
    """The bare application, behind the server that TensorBoard uses."""

    @Request.application
    def application(request: Request) -> Response:
        answer = Response(content, content_type="application/octet-stream")
        answer.headers["Content-Encoding"] = "gzip"
        return answer

    flags: Any = argparse.Namespace(host=None, port=0, bind_all=False, reuse_port=False)
    flags.path_prefix, flags.samples_per_plugin = "", {}
    server = program.WerkzeugServer(application, flags)
    print(server.get_url(), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    served = parser.parse_args().serve
    if served:
        serve(served.read_bytes())
    else:
        main()
