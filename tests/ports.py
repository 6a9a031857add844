"""Ports for servers of tests that have to know theirs beforehand, or keep it over a restart."""

from __future__ import annotations

import random
import socket

# Systems give ports from 32768 on to whoever connects or asks for any port. One of those could
# be taken between the search and the start of the server, or while the server is restarted.
_PORTS = range(20_000, 32_768)


def free_port() -> int:
    """A port that nobody listens at, and that no system gives away by itself."""
    while True:
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
