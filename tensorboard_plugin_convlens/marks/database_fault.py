"""Errors of a database of marks, as sentences."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa

from tensorboard_plugin_convlens.core.errors import StoreError, StoreFullError
from tensorboard_plugin_convlens.marks import database_url
from tensorboard_plugin_convlens.marks.address import StoreAddress
from tensorboard_plugin_convlens.marks.sqlite_connection import SECONDS_PER_STATEMENT

# SQLite calls a disk full only if the system reports it; a quota or a limit of a file's size
# are failed writes. https://sqlite.org/rescode.html
_NO_SPACE_SQLITE = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_SHMSIZE,
)
# https://www.postgresql.org/docs/current/errcodes-appendix.html
_NO_SPACE_POSTGRESQL = "53100"
_BEYOND_LIMITS = (sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_TOOBIG)


def fault_of(error: Exception, address: StoreAddress) -> StoreError:
    """A fault of the database, as an error with advice.

    Args:
      error: An error of SQLAlchemy or SQLite, or of SQLite text that cannot be decoded.
      address: Address of the database.
    """
    driver: object = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    cause = (str(driver).strip() or type(driver).__name__).splitlines()[0]
    if isinstance(driver, UnicodeError):
        cause = "the file is damaged"
    if address.file is None:
        cause = database_url.without_secrets(cause, address.url)
    kind, advice = _kind_and_advice(driver, cause, address)
    return kind(
        f"The marks in {str(address)!r} could not be read or written: {cause.rstrip('.')}. "
        f"{advice}"
    )


def _kind_and_advice(
    driver: object, cause: str, address: StoreAddress
) -> tuple[type[StoreError], str]:
    code = getattr(driver, "sqlite_errorcode", None)
    if code in _NO_SPACE_SQLITE or getattr(driver, "sqlstate", "") == _NO_SPACE_POSTGRESQL:
        return StoreFullError, "Free some space and try again."
    if code in _BEYOND_LIMITS:
        return StoreError, (
            f"No mark is this long, and no query takes {SECONDS_PER_STATEMENT} seconds, so "
            "the file is damaged, or ConvLens did not make it. Restore it from a backup."
        )
    if "locked" in cause:
        return StoreError, "Another process has been writing for a long time. Try again."
    if address.file is None:
        return StoreError, (
            "Check that PostgreSQL runs and that its user may write, and try again."
        )
    return StoreError, "Check the file and its permissions, and try again."
