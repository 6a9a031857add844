"""docs/storage_format.md has a section for every part of the format, with all its fields."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tensorboard_plugin_convlens.storage.format import convlens_pb2

_FILE = convlens_pb2.DESCRIPTOR
PARTS = {
    **{name: set(part.fields_by_name) for name, part in _FILE.message_types_by_name.items()},
    **{name: set(part.values_by_name) for name, part in _FILE.enum_types_by_name.items()},
}
# A value that says that there is none needs no description.
NOTHING = {name for names in PARTS.values() for name in names if name.endswith("_UNSPECIFIED")}


def sections(text: str) -> dict[str, str]:
    """Every section by its heading, without the backticks; a section ends at the next."""
    parts = re.split(r"^#+ +(.+)$", text, flags=re.MULTILINE)
    headings = [heading.replace("`", "").strip() for heading in parts[1::2]]
    return dict(zip(headings, parts[2::2], strict=True))


def words_in_code(text: str) -> set[str]:
    """The words that stand in code spans and code blocks."""
    spans = re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL)
    return set(re.findall(r"\w+", " ".join(spans)))


@pytest.mark.parametrize("part", PARTS)
def test_part_of_the_format_is_described(part: str, repository: Path) -> None:
    described = sections((repository / "docs" / "storage_format.md").read_text())
    assert part in described, f"There is no heading {part!r}"
    assert PARTS[part] - NOTHING - words_in_code(described[part]) == set()


def test_a_field_that_only_prose_or_another_section_names_is_not_described() -> None:
    text = "# `Sheet`\nIts height and `width`.\n\n## Manifest\nHas a `step`.\n"
    assert words_in_code(sections(text)["Sheet"]) == {"width"}
