"""Checks, before any handler runs, who may read and who may change marks.

TensorBoard checks neither the host, nor the origin, nor the method, nor the size of a
request. Any page that a person has open can send requests to their TensorBoard, and any name
on the internet can be made to point to it (DNS rebinding).
"""

from __future__ import annotations

import argparse
import re
import socket
from dataclasses import dataclass
from typing import Literal

from werkzeug.wrappers import Request

from tensorboard_plugin_convlens.server.visitor import (
    Network,
    Place,
    Visitor,
    is_address,
    is_loopback,
    look_at,
    place_of,
    trusted_networks,
)

Access = Literal["tab", "read", "write"]
"""`tab`: the built tab, the same for everyone; `read`: what a log directory holds."""

METHODS: dict[Access, tuple[str, ...]] = {
    "tab": ("GET", "HEAD"),
    "read": ("GET", "HEAD"),
    "write": ("POST",),
}
LARGEST_BODY = 2 * 2**20
# Bytes of a too large body that are read and dropped; an answer sent before would be lost.
_MOST_DRAINED = 32 * 2**20
_HEADER = "X-ConvLens"
_REACHED = (
    "reached from other machines, and it requires no password. Its administrator can start it "
    "with --convlens_allow_writes to let everyone who reaches it change marks."
)
_SEE = " (see docs/deployment.md of ConvLens)."


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
      own: Names of this machine that requests may use. Addresses and `localhost` are always
        allowed: no name server can make them point to another site.
      hosts: Other names that an administrator allowed: names, `.example.org` for all names
        below one, with a port if only that port counts. Their pages are this TensorBoard.
      proxies: The networks of trusted proxies.
      is_everywhere: Whether other machines reach TensorBoard without a proxy.
      writes: Whether changes are allowed to everyone, to nobody, or to this machine only.
    """

    own: frozenset[str] = frozenset({"localhost"})
    hosts: frozenset[Place] = frozenset()
    proxies: tuple[Network, ...] = ()
    is_everywhere: bool = False
    writes: Literal["everyone", "nobody", "local"] = "local"

    def check(self, request: Request, access: Access) -> None:
        """Raises `RefusedError` unless the request is allowed."""
        allowed = METHODS[access]
        if request.method not in allowed:
            raise RefusedError(
                405, f"{request.method[:20]} is not allowed here; use {allowed[0]}.", allowed
            )
        if access == "tab":
            return
        _check_not_from_elsewhere(request, access)
        visitor = look_at(request, self.proxies)
        for place in (visitor.host, *visitor.others):
            self._check_place(place)
        if access == "write":
            self._check_write(request, visitor)
            if reason := self.why_read_only(request):
                raise RefusedError(403, reason)

    def why_read_only(self, request: Request) -> str:
        """Why the client may not change marks, as a sentence; empty if it may."""
        if self.writes == "nobody":
            return "Marks cannot be changed: TensorBoard was started with --convlens_readonly."
        if self.writes == "everyone":
            return ""
        if self.is_everywhere:
            return f"Marks cannot be changed: this TensorBoard can be {_REACHED}"
        if not self.proxies and not all(is_loopback(place.name) for place in self.hosts):
            return (
                "Marks cannot be changed: --convlens_allowed_hosts says that this TensorBoard "
                f"is {_REACHED}"
            )
        if not look_at(request, self.proxies).is_local:
            return f"Marks cannot be changed: through a proxy, this TensorBoard is {_REACHED}"
        return ""

    def _check_place(self, place: Place | None) -> None:
        """Refuses a name by which a page of somebody else could reach TensorBoard."""
        name = place.name if place else ""
        if not (name in self.own or is_address(name) or self._is_allowed(place)):
            raise RefusedError(
                403,
                f"ConvLens does not answer requests for the host {name[:200]!r}. To allow the "
                "name, the administrator of this TensorBoard can start it with "
                f"--convlens_allowed_hosts {_as_flag(name)}{_SEE}",
            )

    def _is_allowed(self, place: Place | None) -> bool:
        return place is not None and any(
            (one.name == place.name or (one.name[0] == "." and place.name.endswith(one.name)))
            and one.port in ("", place.port)
            for one in self.hosts
        )

    def _check_write(self, request: Request, visitor: Visitor) -> None:
        if request.headers.get(_HEADER) != "1":
            raise RefusedError(403, f"The header {_HEADER}: 1 is missing.")
        origin = visitor.origin
        # A proxy may rewrite Host; then the names that were given by a flag tell.
        if origin is not None and origin != visitor.host and not self._is_allowed(origin):
            raise RefusedError(403, _other_origin(origin, visitor.host))
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


def guard_from_flags(flags: argparse.Namespace | None) -> Guard:
    """The guard for TensorBoard's flags.

    Raises:
      ValueError: A trusted proxy is not an address.
    """
    host = str(getattr(flags, "host", None) or "localhost").lower()
    everywhere = bool(getattr(flags, "bind_all", False)) or not is_loopback(host)
    own = socket.gethostname().lower()
    names = {"localhost", host.strip("[]")}
    names |= {own, own.partition(".")[0]} if everywhere else set()
    given = getattr(flags, "convlens_allowed_hosts", None) or ()
    hosts = frozenset(place for text in given if (place := _place_of_flag(text)))
    writes: Literal["everyone", "nobody", "local"] = "local"
    if getattr(flags, "convlens_readonly", False):
        writes = "nobody"
    elif getattr(flags, "convlens_allow_writes", False):
        writes = "everyone"
    proxies = trusted_networks(getattr(flags, "convlens_trusted_proxies", None) or ())
    return Guard(frozenset(names - {""}), hosts, proxies, everywhere, writes)


def _place_of_flag(text: str) -> Place | None:
    """A name, or a URL that was given instead of one."""
    return place_of(text.partition("://")[2].partition("/")[0] if "://" in text else text)


def _other_origin(origin: Place, host: Place | None) -> str:
    if not origin.name:
        return "A page of another site cannot change marks."
    page = f"{origin.name}:{origin.port}" if origin.port else origin.name
    return (
        f"The page that requests a change of marks is from {page[:200]!r}, but the request "
        f"went to {(host.name if host else '')[:200]!r}. If that page is this TensorBoard "
        "behind a proxy, its administrator can start it with "
        f"--convlens_allowed_hosts {_as_flag(origin.name)}{_SEE} Pages of other sites "
        "cannot change marks."
    )


def _as_flag(name: str) -> str:
    """The name as an administrator can give it, unless it is none."""
    return name if re.fullmatch(r"[a-z0-9._:-]{1,200}", name) else "NAME"


def _check_not_from_elsewhere(request: Request, access: Access) -> None:
    """Refuses a request that, by its browser, comes from another site's page."""
    site = request.headers.get("Sec-Fetch-Site")
    if access == "write" and site not in (None, "same-origin"):
        raise RefusedError(403, "A page of another site cannot change marks.")
    # For another port of this machine, a browser sends same-site.
    if site in ("cross-site", "same-site"):
        raise RefusedError(403, "A page of another site cannot read what ConvLens serves.")


def _drain(request: Request, length: int) -> None:
    left = min(length, _MOST_DRAINED)
    stream = request.environ["wsgi.input"]
    while left > 0 and (chunk := stream.read(min(left, 65536))):
        left -= len(chunk)
