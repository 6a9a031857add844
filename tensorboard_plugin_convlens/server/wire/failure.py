"""The body of every answer that is not 2xx."""

from __future__ import annotations

from typing import TypedDict


class Failure(TypedDict):
    """Body of every answer that is not 2xx: a sentence for people."""

    error: str
