"""The client of a request: its address and the host names it used, proxies included.

Behind a proxy, every request comes from the proxy's own address. Anyone can send the headers in
which it names its client (`X-Forwarded-…`), so they count only if `--convlens_trusted_proxies`
names the proxy.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from werkzeug.wrappers import Request

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LOOPBACK = ("127.0.0.0/8", "::1/128")
# Besides X-Forwarded-…: headers of clients that pass on a request of somebody else.
_SIGNS_OF_A_PROXY = ("Forwarded", "Via", "X-Real-IP", "X-Client-IP", "X-ProxyContextPath")
_DEFAULT_PORTS = ("80", "443")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page or a server is: the name, and the port unless it is the scheme's own."""

    name: str
    port: str = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """The client of a request.

    Attributes:
      host: The requested place, as the browser knows it; None if it is malformed.
      others: The other places that the request names as its origin or target.
      origin: Place of the requesting page; None if the request names none, and the empty
        place if it is not a page of a web server.
      is_local: Whether the request certainly comes from this machine.
    """

    host: Place | None
    others: tuple[Place | None, ...]
    origin: Place | None
    is_local: bool


def trusted_networks(proxies: Iterable[str]) -> tuple[Network, ...]:
    """The addresses of proxies.

    Args:
      proxies: Addresses, networks such as `10.0.0.0/8`, or `localhost`.

    Raises:
      ValueError: One of them is not an address.
    """
    names = [name for one in proxies for name in (_LOOPBACK if one == "localhost" else (one,))]
    return tuple(ipaddress.ip_network(name, strict=False) for name in names)


def look_at(request: Request, proxies: tuple[Network, ...]) -> Visitor:
    """The client of a request, as trusted proxies describe it.

    Args:
      request: The request.
      proxies: The networks of trusted proxies.
    """
    peer = _address(request.environ.get("REMOTE_ADDR", "") or "")
    trusts = peer is not None and _is_in(peer, proxies)
    forwarded_host = _last(request.headers.get("X-Forwarded-Host", ""))
    host = forwarded_host if trusts and forwarded_host else request.headers.get("Host", "")
    others = [_place_of_url(request.headers.get(name, "")) for name in ("Origin", "Referer")]
    named = [place for place in others if place.name]
    if forwarded_host and not trusts:
        named.append(place_of(forwarded_host) or Place(forwarded_host))
    return Visitor(
        place_of(host),
        tuple(named),
        others[0] if "Origin" in request.headers else None,
        _is_local(request, peer, proxies if trusts else ()),
    )


def place_of(netloc: str) -> Place | None:
    """The place that a Host header or a flag names, or None if it is malformed."""
    text = netloc.strip().lower()
    if text.startswith("["):
        name, bracket, port = text[1:].partition("]")
        malformed = not bracket
    else:
        name, colon, port = text.partition(":")
        port = colon + port
        malformed = False
    if malformed or not name or not _is_port(port):
        return None
    return Place(name, "" if port[1:] in _DEFAULT_PORTS else port[1:])


def is_address(name: str) -> bool:
    """Whether this is an IP address."""
    return _address(name) is not None


def is_loopback(name: str) -> bool:
    """Whether a name or an address is certainly this machine's own."""
    address = _address(name)
    return name == "localhost" if address is None else address.is_loopback


def _is_local(request: Request, peer: Address | None, proxies: tuple[Network, ...]) -> bool:
    """Whether the first client, before all proxies, is on this machine."""
    chain = request.headers.get("X-Forwarded-For", "")
    if proxies and chain:
        addresses = [_address(one.strip()) for one in chain.split(",")]
        client = addresses[0]
        for address in reversed(addresses):
            if address is None or not _is_in(address, proxies):
                client = address
                break
        return client is not None and client.is_loopback
    is_forwarded = any(
        name.title() in _TITLES or name.lower().startswith("x-forwarded-")
        for name, _ in request.headers
    )
    return not is_forwarded and (peer is None or peer.is_loopback)


_TITLES = {name.title() for name in _SIGNS_OF_A_PROXY}


def _place_of_url(url: str) -> Place:
    """The place of the page with this URL; empty if no web server has it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return Place("")
    found = place_of(parts.netloc) if parts.scheme in ("http", "https") else None
    return found or Place("")


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_in(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


def _last(values: str) -> str:
    """The value of the nearest proxy: each adds its own after a comma."""
    return values.rpartition(",")[2].strip()


def _is_port(text: str) -> bool:
    return text == "" or (text[0] == ":" and text[1:].isascii() and text[1:].isdigit())
