"""/agreement and /flags, from captures on disk to the answers, over both loaders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy import stats

from tensorboard_plugin_convlens.core.filters.criteria import random_order
from tensorboard_plugin_convlens.core.judgments.ablation import LayerAblation
from tensorboard_plugin_convlens.core.records import Statistic
from tensorboard_plugin_convlens.server import wire
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures
from tests.storage.reading.test_ablation_files import an_ablation

ROUTE = "/data/plugin/convlens"
L1 = np.array([5, 1, 4, 2, 3, 3], np.float32)
MEANS = np.array([[5, 3, 4, 2, np.nan, 1], [5, 1, 4, 2, 3, 3]], np.float32)
ZEROS = np.array([[1, 0.5, 1, 0.2, 0, 0], [1, 0.5, 0.98, 0.2, 0, 0]], np.float32)


@pytest.fixture
def client(serve: Any, tmp_path: Path) -> Any:
    """A run whose layer 1 has a silent, a near-silent, a duplicate and a broken filter."""
    writer = Writer(tmp_path, run="train", kind="training")
    capture = captures.write_step(writer, 0)
    statistics = [Statistic("l1", None, L1)]
    for index in range(2):
        statistics.append(Statistic("mean", index, MEANS[index]))
        statistics.append(Statistic("apoz", index, ZEROS[index]))
    nan = np.nan
    similar = np.array([nan, 0.5, 0.5, 1, 0.97, 0.2], np.float32)
    statistics += [
        Statistic("redundancy", None, similar),
        Statistic("redundant_with", None, np.array([nan, 2, 1, 4, 3, 0], np.float32)),
        Statistic("kernel_cosine", None, similar),
    ]
    layers = (replace(capture.layers[0], statistics=tuple(statistics)), *capture.layers[1:])
    writer.commit(replace(capture, layers=layers))
    client = serve(tmp_path)
    (run,) = client.get(f"{ROUTE}/runs").json["runs"]
    client.at = f"run=train&step=0&session={run['steps'][0]['session']}"
    return client


def get(client: Any, route: str, kind: Any) -> Any:
    answer = client.get(f"{ROUTE}/{route}")
    assert answer.status_code == 200, answer.text
    return msgspec.convert(answer.json, kind, strict=True)


def test_agreement_correlates_the_ranks_of_the_criteria_over_all_inputs(client):
    found = get(client, f"agreement?{client.at}&layer=1", wire.Agreement)
    assert found["criteria"] == ["l1", "redundancy", "apoz", "mean", "random"]
    means = MEANS.mean(axis=0)
    known = np.isfinite(means)
    expected = stats.spearmanr(L1[known], means[known]).statistic
    row, column = found["criteria"].index("l1"), found["criteria"].index("mean")
    assert found["correlations"][row][column] == pytest.approx(expected)
    assert found["correlations"][column][row] == found["correlations"][row][column]
    assert found["correlations"][row][row] == 1
    assert found["values"][column][4] is None
    assert found["spreads"][row]["quartiles"][::2] == [1, 3, 5]
    assert found["spreads"][column]["defined"] == 5


def test_the_loss_without_each_filter_is_compared_with_the_criteria(client, tmp_path):
    at = f"agreement?{client.at}&layer=1"
    graph = captures.graph().fingerprint
    losses = np.array([0.7, 0.5, 0.9, 0.4, 0.8, 0.6])
    measured = LayerAblation("conv1", tuple((float(loss), 0.9) for loss in losses))
    other = replace(measured, layer="conv2")
    test = replace(an_ablation("m.keras"), graph=graph, baseline=(0.5, 1.0), layers=(measured,))
    Writer(tmp_path, run="train").write_ablation(test)
    for unlike in (
        replace(test, wall_time=2e9, layers=(other,)),
        replace(test, wall_time=3e9, graph="c" * 64),
    ):
        Writer(tmp_path, run="train").write_ablation(unlike)
    found = get(client, at, wire.Agreement)
    assert found["criteria"][-2:] == ["random", "ablation"]
    assert found["values"][-1] == pytest.approx((losses - 0.5).tolist())
    expected = stats.spearmanr(L1, losses).statistic
    assert found["correlations"][-1][0] == pytest.approx(expected)


def test_the_order_by_chance_is_of_the_asked_seed(client):
    at = f"agreement?{client.at}&layer=1"
    usual, other = (get(client, at + more, wire.Agreement) for more in ("", "&seed=7"))
    assert other["values"][-1] == pytest.approx(random_order(6, 7).tolist())
    assert usual["values"][-1] == pytest.approx(random_order(6).tolist())


def test_flags_come_with_the_numbers_that_they_rest_on(client):
    found = get(client, f"flags?{client.at}&layer=1", wire.Flags)
    assert found["thresholds"]["nearSilent"] == 0.99
    assert [(one["channel"], one["kind"], one["other"]) for one in found["flags"]] == [
        (0, "silent", None),
        (2, "nearSilent", None),
        (3, "duplicate", 4),
        (4, "notFinite", None),
    ]
    assert found["flags"][0]["evidence"] == {"inputs": 2}
    assert found["flags"][1]["evidence"]["apoz"] == pytest.approx(0.99, abs=1e-6)
    assert found["flags"][3]["evidence"] == {"mean": 1}
    assert found["counts"] == {
        "silent": 1,
        "nearSilent": 1,
        "saturated": 0,
        "duplicate": 1,
        "notFinite": 1,
    }


def test_the_thresholds_can_be_moved(client):
    at = f"flags?{client.at}&layer=1&profile=0.9&kernel=0.9&near_silent=0.995"
    found = get(client, at, wire.Flags)
    assert [one["channel"] for one in found["flags"] if one["kind"] == "duplicate"] == [3, 4]
    assert found["counts"]["nearSilent"] == 0


@pytest.mark.parametrize("value", ["2", "-0.1", "nan", "1e-1", "", "0.5&near_silent=0.6"])
def test_an_invalid_threshold_is_refused_with_a_sentence(client, value):
    answer = client.get(f"{ROUTE}/flags?{client.at}&layer=1&near_silent={value}")
    assert answer.status_code == 400
    assert "near_silent" in answer.json["error"]


def test_counts_of_flags_stand_with_each_layer_of_a_step_and_over_time(client):
    step = get(client, f"step?{client.at}", wire.Step)
    assert step["layers"][0]["flags"]["duplicate"] == 1
    timeline = client.get(f"{ROUTE}/network_timeline?run=train&graph={step['graph']}").json
    assert timeline["layers"][0]["points"][0]["flags"] == step["layers"][0]["flags"]


def test_counts_over_time_follow_the_thresholds(client):
    step = get(client, f"step?{client.at}", wire.Step)
    at = f"{ROUTE}/network_timeline?run=train&graph={step['graph']}"
    for moved in ("profile=0.9&kernel=0.9", "near_silent=0.995"):
        (counts,) = (
            point["flags"] for point in client.get(f"{at}&{moved}").json["layers"][0]["points"]
        )
        alone = get(client, f"flags?{client.at}&layer=1&{moved}", wire.Flags)
        assert counts == alone["counts"] != step["layers"][0]["flags"]
    assert client.get(f"{at}&profile=2").status_code == 400


def test_a_layer_comes_with_its_flags_at_the_usual_thresholds(client):
    layer = get(client, f"layer?{client.at}&layer=1&input=0", wire.LayerCapture)
    assert layer["flags"] == get(client, f"flags?{client.at}&layer=1", wire.Flags)["flags"]


def test_a_layer_that_was_not_captured_has_neither(client):
    for route in ("agreement", "flags"):
        assert client.get(f"{ROUTE}/{route}?{client.at}&layer=9").status_code == 404
