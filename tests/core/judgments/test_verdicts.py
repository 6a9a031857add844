"""What verdicts say together: which filters are useless, and which can be removed."""

from __future__ import annotations

import pytest

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.judgments.verdicts import (
    Verdict,
    removable,
    useless_filters,
)
from tensorboard_plugin_convlens.core.records import Layer, ModelGraph


def test_verdicts_of_several_runs_need_a_name():
    verdicts = [Verdict(run, "c", 0, 1, "useless") for run in ("one", "two")]
    with pytest.raises(InputError, match="several runs: one, two"):
        useless_filters(verdicts, None)
    assert useless_filters(verdicts, "one") == {"c": (1,)}


def graph(*keys: tuple[str, int]) -> ModelGraph:
    layers = [Layer(path, call, "Conv2D", 0, (), (4, 4, 8), 8, True) for path, call in keys]
    return ModelGraph("model", tuple(layers), "0" * 64)


def test_a_filter_of_a_shared_layer_is_removed_only_if_it_is_useless_in_every_call():
    shared = graph(("a", 0), ("b", 0), ("b", 1))
    assert removable(shared, {"b": (2,), "b#1": (2,), "a": (0, 5)}) == [
        ("a", 0),
        ("a", 5),
        ("b", 2),
    ]
    with pytest.raises(InputError, match="not in b#1"):
        removable(shared, {"b": (2,)})
    with pytest.raises(InputError, match="no layer 'z'"):
        removable(shared, {"z": (2,)})
