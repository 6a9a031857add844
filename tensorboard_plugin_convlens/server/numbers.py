"""Numbers as JSON has them."""

from __future__ import annotations

import math


def number(value: float) -> float | None:
    """A finite number, or None."""
    return float(value) if math.isfinite(value) else None
