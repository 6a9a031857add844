"""Fixtures of the core's tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def golden_levels(repository: Path) -> list[dict[str, Any]]:
    """Levels and their values, which vitest reads as well."""
    vectors: list[dict[str, Any]] = json.loads(
        (repository / "tests/golden/levels.json").read_text()
    )
    return vectors
