"""URLs of databases and messages of drivers, without their secrets.

A URL may contain a password in many places: before the @, in the query, or anywhere because of
a typing error. So only the parts known to be its scheme, host and database are shown.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    import sqlalchemy as sa

HIDDEN = "***"
NOT_REPEATED = (
    "the driver refuses the URL or the login; its message is hidden, because it contains a "
    "secret part of the URL"
)

_SCHEME = re.compile(r"([a-z0-9+]+)://")
_HOST = re.compile(r"[\w.-]+|[0-9A-Fa-f:.]+(%\w+)?")
_DATABASE = re.compile(r"[\w.$-]+")
_FILE = re.compile(r"[^?#]+")
_PIECE = re.compile(r"\w+|[^\w\s]")
# Signs that occur in every URL and in messages of drivers.
_SIGNS = set("/:.,?&=@%\"'()[]-_+")
# Options of libpq whose values are no secrets, and which a driver may name in its words.
_OPEN_OPTIONS = ("host", "hostaddr", "port", "dbname", "user")


def shown(database: str) -> str:
    """The parts of a database URL that may be shown: scheme, host and database.

    Args:
      database: The given URL, well-formed or not.

    Returns:
      For example `postgresql://db.example/marks`. Any part that is not certainly a host or a
      database is `***`.
    """
    scheme = scheme_of(database)
    if scheme is None:
        return HIDDEN
    if scheme == "sqlite":
        file = _FILE.match(database.removeprefix("sqlite://"))
        return f"sqlite://{file[0] if file else ''}"
    try:
        url = parse(database)
    except ValueError:
        return f"{scheme}://{HIDDEN}"
    host, name = url.host or "", url.database
    shown_host = host if not host or _HOST.fullmatch(host) else HIDDEN
    if ":" in host and shown_host == host:
        shown_host = f"[{host}]"
    if not name:
        return f"{scheme}://{shown_host}"
    return f"{scheme}://{shown_host}/{name if _DATABASE.fullmatch(name) else HIDDEN}"


def scheme_of(database: str) -> str | None:
    """`postgresql`, `sqlite`, …; None if the text does not begin like a URL."""
    found = _SCHEME.match(database)
    return found[1] if found else None


def parse(database: str) -> sa.URL:
    """The URL as SQLAlchemy parses it, and so would connect to.

    Raises:
      ValueError: It is not a URL, or the end of its password is uncertain. The text of the
        error contains no part of it.
    """
    import sqlalchemy as sa  # Only for those who name a database.

    try:
        url = sa.make_url(database)
    except (sa.exc.ArgumentError, ValueError):
        raise ValueError("it is not the URL of a database") from None
    if url.password and re.search(r"\?.*=", str(url.password), re.DOTALL):
        raise ValueError("an @ or ? in a password or in the query must be percent-encoded")
    return url


def without_secrets(words: str, database: str) -> str:
    """The message of a driver, or `NOT_REPEATED` if it may contain a secret.

    A driver may repeat any part of a URL that it does not understand.

    Args:
      words: Its message.
      database: The URL that it was given.
    """
    secrets, known = _values(database)
    hidden = _pieces(database) - _pieces(shown(database)) - _SIGNS
    hidden -= _all_pieces(known) - _all_pieces(secrets)
    if hidden & _pieces(words) or any(secret in words for secret in secrets):
        return NOT_REPEATED
    return words


def _values(database: str) -> tuple[list[str], list[str]]:
    """The secrets of a URL, and the other words of it that a driver may repeat."""
    try:
        url = parse(database)
    except ValueError:
        return [], []
    secrets, known = [url.password or ""], [url.username or "", str(url.port or ""), *url.query]
    for name, values in url.normalized_query.items():
        (known if name in _OPEN_OPTIONS else secrets).extend(values)
    return [str(secret) for secret in secrets if secret], known


def _all_pieces(texts: list[str]) -> set[str]:
    return {piece for text in texts for piece in _pieces(text)}


def _pieces(text: str) -> set[str]:
    """The words and signs in a text, as written and as decoded."""
    return {piece for one in (text, unquote(text)) for piece in _PIECE.findall(one)}
