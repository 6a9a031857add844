"""A real nginx in front of a TensorBoard, as its own process."""

from __future__ import annotations

import http.client
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.ports import free_port
from tools.install_nginx import find_nginx

SECONDS_TO_START = 30.0
_CONFIGURATION = """
daemon off;
pid {directory}/pid;
error_log {directory}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
{servers}
}}
"""
_SERVER = """
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {upstream};
      {lines}
    }}
  }}
"""


class Nginx:
    """Asks TensorBoard through nginx, as a browser does at a page of some name.

    Attributes:
      ports: Where each of the forms of `running_nginx` listens.
    """

    def __init__(self, ports: Mapping[str, int]) -> None:
        """Takes where it listens."""
        self.ports = ports

    def ask(
        self, form: str, name: str, path: str, body: object = None, *, https: bool = False
    ) -> tuple[int, Any]:
        """Status and JSON of a GET, or of a POST with a body.

        Args:
          form: Which of the forms of the configuration.
          name: By which name the browser asks; over plain HTTP it says the port, too.
          path: On the server.
          body: What is posted.
          https: Whether the browser is told that the page is safe: then it sends where the
            request comes from (`Sec-Fetch-Site`).
        """
        port = self.ports[form]
        place = name if https else f"{name}:{port}"
        page = f"{'https' if https else 'http'}://{place}"
        headers = {"Host": place, "Referer": f"{page}/", "X-ConvLens": "1"}
        headers |= {"Sec-Fetch-Site": "same-origin"} if https else {}
        if body is not None:
            headers |= {"Origin": page, "Content-Type": "application/json"}
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            content = None if body is None else json.dumps(body)
            connection.request("GET" if body is None else "POST", path, content, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


@contextmanager
def running_nginx(upstream: str, forms: Mapping[str, str]) -> Iterator[Nginx]:
    """An nginx at a free port per form.

    Args:
      upstream: Where TensorBoard is.
      forms: Lines of the configuration of a `location`, by name.
    """
    program = find_nginx()
    assert program is not None, "No nginx: run python -m tools.install_nginx."
    ports = {form: free_port() for form in forms}
    servers = "".join(
        _SERVER.format(port=ports[form], upstream=upstream.rstrip("/"), lines=lines)
        for form, lines in forms.items()
    )
    with tempfile.TemporaryDirectory(prefix="nginx-") as directory:
        configuration = Path(directory) / "nginx.conf"
        text = _CONFIGURATION.format(directory=directory, servers=servers)
        configuration.write_text(text, encoding="utf-8")
        command = [str(program), "-p", directory, "-c", str(configuration)]
        with (Path(directory) / "output").open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            _wait_until_ready(next(iter(ports.values())), process)
            yield Nginx(ports)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.connect()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError("nginx did not start.")
