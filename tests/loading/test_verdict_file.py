"""Verdicts come from files that people edit: an error names what is wrong, and where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.judgments.verdicts import (
    Verdict,
    useless_filters,
)
from tensorboard_plugin_convlens.loading.verdict_file import read_verdicts


def file(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_csv_and_both_forms_of_json_say_the_same(tmp_path: Path):
    flat = {"run": "train", "path": "conv", "call": 1, "channel": 7, "verdict": "useless"}
    filter_key = {name: flat[name] for name in ("run", "path", "call", "channel")}
    nested = {
        "filter": filter_key,
        "opinion": {"verdict": "useless", "stars": 2},
        "author": "a",
    }
    expected = (Verdict("train", "conv", 1, 7, "useless"),)
    csv = 'run,path,call,channel,verdict,note\ntrain,conv,1,7,useless,"a, b"\n'
    assert read_verdicts(file(tmp_path / "a.csv", csv)) == expected
    assert read_verdicts(file(tmp_path / "a.json", json.dumps([flat]))) == expected
    marks = json.dumps({"marks": [nested]})
    assert read_verdicts(file(tmp_path / "b.json", marks)) == expected


def test_only_useless_filters_count_and_calls_are_distinguished(tmp_path: Path):
    rows = ["b,3,useless,", "b,1,useless,0", "b,2,useful,", "b,1,useless,1", "c,1,,"]
    csv = "\n".join(["path,channel,verdict,call", *rows])
    found = useless_filters(read_verdicts(file(tmp_path / "a.csv", csv)), None)
    assert found == {"b": (1, 3), "b#1": (1,)}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("path,verdict\nconv,useless\n", "'channel' is missing"),
        ("path,channel,verdict\nconv,-1,useless\n", "Mark 1"),
        ("path,channel,verdict\nconv,1,useless\nconv,x,useless\n", "Mark 2"),
        ("path,channel,verdict\n,1,useless\n", "Mark 1"),
        ("path,channel,verdict\nconv,1,bad\n", "Mark 1"),
        ("", "is missing"),
    ],
)
def test_a_row_that_is_not_a_verdict_is_named(tmp_path: Path, text: str, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_verdicts(file(tmp_path / "a.csv", text))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda one: (
            st.lists(one, max_size=3)
            | st.dictionaries(
                st.sampled_from(["marks", "path", "channel", "verdict", "run", "filter"]), one
            )
        ),
    )
)
def test_any_json_is_read_or_refused_with_a_sentence(tmp_path_factory: Any, content: Any):
    path = tmp_path_factory.mktemp("any") / "a.json"
    try:
        read_verdicts(file(path, json.dumps(content)))
    except InputError as error:
        assert str(error).endswith(".")
