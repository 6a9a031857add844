"""What the status file of a session tells the tab."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.writing.status import without_directories
from tensorboard_plugin_convlens.storage.writing.writer import Writer


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("Cannot write '/srv/ann o/logs/a.pb': full.", "Cannot write 'a.pb': full."),
        (
            "OSError(2, 'No such file', '/a/b') in /usr/lib/x.py:",
            "OSError(2, 'No such file', 'b') in x.py:",
        ),
        (r"Cannot read 'C:\Users\ann\logs\x': no.", "Cannot read 'x': no."),
        (r"Cannot read '\\server\share\x': no.", "Cannot read 'x': no."),
        ("The directory '/srv/x/' is gone.", "The directory 'x' is gone."),
        ("Layer block/conv1 takes 5 images/s.", "Layer block/conv1 takes 5 images/s."),
        ("See https://keras.io/api/x for more.", "See https://keras.io/api/x for more."),
        ("'/': no.", "'/': no."),
    ],
)
def test_absolute_paths_keep_their_last_component_alone(sentence: str, told: str):
    assert without_directories(sentence) == told


@given(parts=st.lists(st.from_regex(r"[a-z _.ä]{1,9}", fullmatch=True), min_size=2))
def test_no_directory_of_a_quoted_path_is_shown(parts: list[str]):
    path = "/" + "/".join(parts)
    assert without_directories(f"Cannot write {path!r}: full.") == (
        f"Cannot write {parts[-1]!r}: full."
    )


def test_the_tab_gets_the_problems_without_the_directories_of_the_machine(tmp_path: Path):
    writer = Writer(tmp_path, run="train")
    writer.write_status([f"Cannot write '{writer.directory}/pack-1.clpk': no space."])
    assert RunDirectory(tmp_path / "train").problems() == (
        "Cannot write 'pack-1.clpk': no space.",
    )
