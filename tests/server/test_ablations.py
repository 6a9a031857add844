from __future__ import annotations

import math
from dataclasses import replace

from tensorboard_plugin_convlens.core.judgments.ablation import LayerAblation
from tests import captures
from tests.server.asking import get
from tests.storage.reading.test_ablation_files import an_ablation


def test_tests_of_verdicts_are_served_with_what_is_not_a_number_as_null(serve, tmp_path):
    writer = captures.write_run(tmp_path)
    alone = LayerAblation("conv1", ((0.5, math.nan), (0.6, 1.0)))
    writer.write_ablation(replace(an_ablation("model.keras"), layers=(alone,)))
    (served,) = get(serve(tmp_path), "/ablations", run="train")["ablations"]
    assert served["model"] == "model.keras"
    assert served["choices"][0]["filters"] == [{"layer": "conv1", "channels": [0, 2]}]
    assert served["choices"][0]["trials"] == [[0.5, 0.9]]
    assert served["layers"][0]["filters"] == [[0.5, None], [0.6, 1.0]]


def test_a_run_without_tests_of_verdicts_has_none(serve, tmp_path):
    captures.write_run(tmp_path)
    assert get(serve(tmp_path), "/ablations", run="train")["ablations"] == []
