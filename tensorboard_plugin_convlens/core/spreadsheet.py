"""Cells of CSV files that people open in spreadsheets.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, so such a text
gets an apostrophe before it, which is taken away when it is read back.
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re

_FORMULA = "[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_TO_GUARD = re.compile(f"'*{_FORMULA}")
_GUARDED = re.compile(f"'+{_FORMULA}")


def guard(cell: object) -> object:
    """A cell that is no formula; numbers stay as they are."""
    return f"'{cell}" if isinstance(cell, str) and _TO_GUARD.match(cell) else cell


def unguard(cell: str) -> str:
    """The inverse of `guard`, for texts."""
    return cell[1:] if _GUARDED.match(cell) else cell
