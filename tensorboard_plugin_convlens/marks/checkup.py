"""Checks a database of marks on a copy, so that nothing is changed."""

from __future__ import annotations

from tensorboard_plugin_convlens.core.errors import StoreError
from tensorboard_plugin_convlens.marks.address import StoreAddress
from tensorboard_plugin_convlens.marks.database import Database

_TOLD_AT_MOST = 3


def check_marks(address: StoreAddress) -> str:
    """The problem of an SQLite database of marks, as a sentence; "" if there is none.

    Checks that it is ours, every page and index (by SQLite's own check), and the references
    between tables.
    """
    database = Database(address)
    try:
        with database.reading() as connection:
            if connection is None:
                return ""
            found = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(4)")]
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(1)
    except StoreError as error:
        return str(error)
    finally:
        database.close()
    faults = [str(one) for one in found if one != "ok"][:_TOLD_AT_MOST]
    faults += ["a row refers to a row that does not exist"] if broken else []
    return f"The database of marks is damaged: {'; '.join(faults)}." if faults else ""
