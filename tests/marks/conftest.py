"""Stores of marks in both databases."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tensorboard_plugin_convlens.marks.address import StoreAddress, find_store
from tests.postgresql import running_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL."""
    with running_postgresql() as url:
        yield url


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> StoreAddress:
    """Where marks are kept, once in each database."""
    if request.param == "SQLite":
        return find_store(tmp_path)
    return find_store(tmp_path, request.getfixturevalue("postgresql"), uuid.uuid4().hex)
