import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.errors import MarkError
from tensorboard_plugin_convlens.core.judgments.marks import (
    VERDICTS,
    FilterKey,
    MadeOn,
    Mark,
    Opinion,
)
from tensorboard_plugin_convlens.marks import table

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
formulas = st.tuples(
    st.sampled_from(["=", "+", "-", "@", "'", "'=", "\t", "\r", "\uff1d"]), texts
)
said = texts | formulas.map("".join)
hashes = st.none() | st.binary(min_size=32, max_size=32).map(bytes.hex)
tags = said.map(lambda text: "".join(c for c in text if c >= " " and c not in ",\x7f").strip())
marks = st.builds(
    Mark,
    st.builds(
        FilterKey, said.filter(bool), said.filter(bool), st.integers(0, 3), st.integers(0, 9999)
    ),
    st.builds(
        Opinion,
        st.none() | st.sampled_from(VERDICTS),
        st.integers(0, 5),
        st.lists(tags.filter(bool), max_size=4).map(tuple),
        said,
    ),
    said,
    st.floats(0, 1e12),
    st.builds(MadeOn, st.none() | st.integers(0, 10**15 - 1), hashes, hashes),
)


@given(st.lists(marks, max_size=4).map(tuple))
def test_csv_and_json_come_back_as_they_were(given_marks):
    assert table.decode_csv(table.encode_csv(given_marks)) == given_marks
    assert table.decode_json(table.encode_json(given_marks)) == given_marks


@given(marks)
def test_no_cell_is_a_formula(mark):
    (row,) = list(csv.reader(io.StringIO(table.encode_csv([mark]), newline="")))[1:]
    assert not [cell for cell in row if cell[:1] in tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("run,path\r\na,b\r\n", "Line 2 is not a mark"),
        (table.encode_csv([]) + "a,b\r\n", "more or fewer cells"),
        (table.encode_csv([]) + "r,p,0,-1,,0,,,,0,,,\r\n", "The channel must be"),
        (table.encode_csv([]) + "r,p,0,x,,0,,,,0,,,\r\n", "Line 2 is not a mark"),
        (table.encode_csv([]) + "r,p,0,1,dead,0,,,,0,,,\r\n", "A verdict must be"),
        (table.encode_csv([]) + "r,p,0,1,,0,,,,nan,,,\r\n", "A wall time is"),
    ],
)
def test_a_line_that_is_not_a_mark_is_reported(text, sentence):
    with pytest.raises(MarkError, match=sentence):
        table.decode_csv(text)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"marks": [1]}', '{"marks": [{}]}'])
def test_json_of_something_else_is_reported(text):
    with pytest.raises(MarkError, match="not JSON with marks"):
        table.decode_json(text)
