from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens import Reader
from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.judgments.ablation import (
    FILLS,
    Ablation,
    Choice,
    LayerAblation,
)
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.ablation_message import (
    ablation_from_message,
    ablation_to_message,
)
from tests import captures

NUMBERS = st.integers(0, 2**31 - 1)
KEYS = st.text(min_size=1, max_size=20)
MEASURED = st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False))
CHOICES = st.builds(
    Choice,
    name=KEYS,
    fill=st.sampled_from(FILLS),
    filters=st.dictionaries(KEYS, st.lists(NUMBERS, max_size=3).map(tuple), max_size=2),
    trials=st.lists(MEASURED, min_size=1, max_size=3).map(tuple),
)
ABLATIONS = st.builds(
    Ablation,
    wall_time=st.floats(0, 1e10),
    graph=st.just("a" * 64),
    step=st.none() | NUMBERS,
    model=KEYS,
    samples=NUMBERS,
    seed=NUMBERS,
    metrics=st.just(("loss", "accuracy")),
    baseline=MEASURED,
    choices=st.lists(CHOICES, max_size=3).map(tuple),
    layers=st.lists(
        st.builds(LayerAblation, KEYS, st.lists(MEASURED, max_size=3).map(tuple)), max_size=2
    ).map(tuple),
)


def an_ablation(model: str) -> Ablation:
    choice = Choice("marked", "zero", {"conv1": (0, 2)}, ((0.5, 0.9),))
    return Ablation(1e9, "b" * 64, 3, model, 10, 0, ("loss", "accuracy"), (0.4, 1.0), (choice,))


@given(ablation=ABLATIONS)
def test_an_ablation_comes_back_as_it_was(ablation: Ablation):
    stored = ablation_to_message(ablation).SerializeToString()
    assert ablation_from_message(pb.Ablation.FromString(stored)) == ablation


@given(st.binary(max_size=60))
def test_any_message_is_an_ablation_or_damaged(content: bytes):
    try:
        message = pb.Ablation.FromString(content)
    except Exception:  # No message at all; `unseal` tells.
        return
    with pytest.raises(FormatError, match="damaged"):
        ablation_from_message(message)


@pytest.mark.parametrize("damage", ["baseline", "trial", "fill", "graph", "metrics"])
def test_inconsistent_records_are_damaged(damage: str):
    message = ablation_to_message(an_ablation("m"))
    match damage:
        case "baseline":
            message.baseline.values.append(1)
        case "trial":
            del message.choices[0].trials[0].values[:]
        case "fill":
            message.choices[0].fill = pb.FILL_UNSPECIFIED
        case "graph":
            message.graph_fingerprint = "../x"
        case "metrics":
            del message.metrics[:]
    with pytest.raises(FormatError, match="damaged"):
        ablation_from_message(message)


def test_ablations_are_read_from_a_run_the_latest_first(tmp_path: Path):
    writer = captures.write_run(tmp_path)
    reader = Reader(tmp_path)
    assert reader.ablations("train") == ()
    for model in ("first", "second"):
        name = writer.directory / f"ablation-{1700000000000 + len(model):013d}-0badcafe.pb"
        before = set(writer.directory.iterdir())
        writer.write_ablation(an_ablation(model))
        (written,) = set(writer.directory.iterdir()) - before
        assert names.is_ablation_name(written.name)
        written.rename(name)
    assert [one.model for one in reader.ablations("train")] == ["second", "first"]


def test_a_damaged_ablation_is_reported_and_hides_no_other(tmp_path: Path):
    writer = captures.write_run(tmp_path)
    writer.write_ablation(an_ablation("whole"))
    (writer.directory / "ablation-1700000000000-0badcafe.pb").write_bytes(b"damage")
    reader = Reader(tmp_path)
    assert [one.model for one in reader.ablations("train")] == ["whole"]
    assert any("left out" in problem for problem in reader.problems("train"))
