"""How many filters respond, from the sheets of a real capture with other scales."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tensorboard_plugin_convlens.core.filters.response_counts import (
    ResponseCounts,
    count_responses,
)
from tensorboard_plugin_convlens.core.records import Sheet
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures


@pytest.fixture
def maps(tmp_path: Path) -> tuple[Sheet, Sheet]:
    capture = captures.write_step(Writer(tmp_path, run="train", kind="training"), 0)
    first, second = capture.layers[0].responses()
    return (
        replace(first, scale=np.asarray([0, 0.001, 0, 1, 0.02, 0], np.float32)),
        replace(second, scale=np.asarray([0, 0.002, 0.5, 0.1, 0, 0], np.float32)),
    )


def test_a_filter_is_silent_or_weak_over_all_input_images(maps):
    assert count_responses(maps) == ResponseCounts(filters=6, silent=2, weak=1)


def test_a_filter_whose_maps_are_not_numbers_is_not_silent(maps):
    broken = replace(maps[0], nan=np.asarray([3, 0, 0, 0, 0, 0], np.int64))
    assert count_responses((broken, maps[1])) == ResponseCounts(filters=6, silent=1, weak=2)


def test_without_feature_maps_nothing_is_counted():
    assert count_responses(()) == ResponseCounts(filters=0, silent=0, weak=0)
