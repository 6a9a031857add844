"""Who may ask, and who may change something: checked before any handler runs.

TensorBoard checks neither the host, nor the origin, nor the method, nor the size of a
request. Any page that a person has open can send requests to their TensorBoard, and any name
on the internet can be made to lead there (DNS rebinding).
"""

from __future__ import annotations

import argparse
import ipaddress
import socket
from dataclasses import dataclass
from typing import Literal

from werkzeug.wrappers import Request

Access = Literal["tab", "read", "write"]
"""`tab`: the built tab, the same for everybody; `read`: what a log directory holds."""

METHODS: dict[Access, tuple[str, ...]] = {
    "tab": ("GET", "HEAD"),
    "read": ("GET", "HEAD"),
    "write": ("POST",),
}
LARGEST_BODY = 2 * 2**20
# So much of a body that is too large is read and let go, for an answer sent before is lost.
_MOST_DRAINED = 32 * 2**20
_HEADER = "X-ConvLens"


class RefusedError(Exception):
    """A request is refused; the text is a sentence for the answer."""

    def __init__(self, status: int, sentence: str, allow: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.status = status
        self.allow = allow


@dataclass(frozen=True, slots=True)
class Guard:
    """What TensorBoard's flags allow.

    Attributes:
      hosts: Names by which TensorBoard may be called, in lower case. Addresses and
        `localhost` always may: no name server leads to another site's page by them.
      read_only: Why nothing may be changed, as a sentence; empty where it may.
    """

    hosts: frozenset[str] = frozenset()
    read_only: str = ""

    def check(self, request: Request, access: Access) -> None:
        """Raises `RefusedError` unless the request may have what it asks for."""
        allowed = METHODS[access]
        if request.method not in allowed:
            raise RefusedError(
                405, f"{request.method[:20]} is not allowed here; use {allowed[0]}.", allowed
            )
        if access == "tab":
            return
        self._check_host(request)
        if access == "read":
            _check_not_from_elsewhere(request)
        else:
            self._check_write(request)

    def _check_host(self, request: Request) -> None:
        name = _name_of_host(request.headers.get("Host", ""))
        if name is None or not (name in self.hosts or _is_own(name)):
            raise RefusedError(
                403,
                f"ConvLens does not answer to the host {(name or '')[:200]!r}. If this "
                "TensorBoard is meant to be reached by that name, start it with "
                "--convlens_allowed_hosts NAME.",
            )

    def _check_write(self, request: Request) -> None:
        if request.headers.get(_HEADER) != "1":
            raise RefusedError(403, f"The header {_HEADER}: 1 is missing.")
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
            raise RefusedError(403, "Another site's page may not change marks.")
        # With Sec-Fetch-Site a browser has compared them itself; a proxy may rewrite Host.
        origin = request.headers.get("Origin")
        told = "Sec-Fetch-Site" in request.headers or origin is None
        if (
            not told
            and _host_of_origin(origin or "") != request.headers.get("Host", "").lower()
        ):
            raise RefusedError(403, "Another site's page may not change marks.")
        if request.mimetype != "application/json":
            raise RefusedError(415, "The Content-Type must be application/json.")
        length = request.content_length
        if length is None:
            raise RefusedError(411, "The Content-Length of the body is missing.")
        if length > LARGEST_BODY:
            _drain(request, length)
            raise RefusedError(
                413, f"The body has {length} bytes, expected at most {LARGEST_BODY}."
            )
        if self.read_only:
            raise RefusedError(403, self.read_only)


def guard_from_flags(flags: argparse.Namespace | None) -> Guard:
    """The guard that TensorBoard's flags ask for."""
    host = str(getattr(flags, "host", None) or "localhost").lower()
    everywhere = bool(getattr(flags, "bind_all", False)) or not _is_loopback(host)
    own = socket.gethostname().lower()
    hosts = {host} | ({own, own.partition(".")[0]} if everywhere else set())
    hosts |= {name.lower() for name in getattr(flags, "convlens_allowed_hosts", None) or ()}
    read_only = ""
    if getattr(flags, "convlens_readonly", False):
        read_only = "Marks cannot be changed: TensorBoard was started with --convlens_readonly."
    elif everywhere and not getattr(flags, "convlens_allow_writes", False):
        read_only = (
            "Marks cannot be changed: this TensorBoard can be reached from other machines and "
            "asks nobody for a password. Start it with --convlens_allow_writes to let "
            "everyone who reaches it mark."
        )
    return Guard(frozenset(hosts - {""}), read_only)


def _check_not_from_elsewhere(request: Request) -> None:
    # Of another port of this machine a browser says same-site.
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        raise RefusedError(403, "Another site's page may not read what ConvLens serves.")


def _name_of_host(netloc: str) -> str | None:
    """The name or address in a Host header, or None if it is malformed."""
    text = netloc.lower()
    if text.startswith("["):
        name, bracket, port = text[1:].partition("]")
        return name if bracket and _is_port(port) else None
    name, colon, port = text.partition(":")
    return name if name and _is_port(colon + port) else None


def _is_port(text: str) -> bool:
    return text == "" or (text[0] == ":" and text[1:].isascii() and text[1:].isdigit())


def _is_own(name: str) -> bool:
    """Whether a name cannot be made to lead anywhere but to where it says."""
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _host_of_origin(origin: str) -> str:
    scheme, separator, netloc = origin.lower().partition("://")
    return netloc if separator and scheme in ("http", "https") else ""


def _drain(request: Request, length: int) -> None:
    left = min(length, _MOST_DRAINED)
    stream = request.environ["wsgi.input"]
    while left > 0 and (chunk := stream.read(min(left, 65536))):
        left -= len(chunk)
