"""Converts numbers to JSON numbers."""

from __future__ import annotations

import math

import msgspec


def number(value: float) -> float | None:
    """A finite number, or None."""
    return float(value) if math.isfinite(value) else None


def to_json(body: object) -> bytes:
    """JSON, compact, in UTF-8."""
    return msgspec.json.encode(body)
