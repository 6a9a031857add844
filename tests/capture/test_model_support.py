"""The engine against the oracle, on every row of `docs/model_support.md`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tensorboard_plugin_convlens.capture.engine import Engine
from tensorboard_plugin_convlens.capture.functions import to_frame
from tensorboard_plugin_convlens.core.records import Target
from tests.capture.model_rows import Row
from tests.capture.support_table import line, names_in
from tests.capture.unusual_rows import ALL_ROWS
from tests.oracle import Oracle

TARGETS: tuple[Target, ...] = ("max", "sum")


@pytest.fixture(scope="session")
def document(repository: Path) -> str:
    return (repository / "docs/model_support.md").read_text()


def first_middle_last(count: int) -> list[int]:
    return sorted({0, count // 2, count - 1})


def strongest_channels(maps: np.ndarray, count: int) -> list[int]:
    return sorted(int(one) for one in np.argsort(-maps.max(axis=(1, 2)))[:count])


def compare_convolution(engine: Engine, oracle: Oracle, position: int, row: Row) -> None:
    layer = engine.convolutions[position]
    forward = engine.run(row.inputs())
    maps = forward.maps(layer)
    axis = engine._plan.routes[layer].convolution.layout.channel_axis
    source_layout = engine._plan.routes[layer].source_layout
    assert axis is not None
    expected = engine._plan.routes[layer].convolution.layout.to_planes(oracle.maps[position])[0]
    np.testing.assert_allclose(
        maps, expected, atol=max(row.tolerance, 3e-6) * abs(expected).max()
    )
    for target in TARGETS:
        channels = strongest_channels(maps, row.channels)
        for block in forward.gradients(layer, target=target, channels=channels):
            frames = to_frame(block, *engine.frame(layer))
            for channel, frame in zip(block.channels, frames, strict=True):
                reference = oracle.gradient(
                    position, channel, target=target, source=block.source, axis=axis + 1
                )
                picture = source_layout.to_picture(reference)[0]
                np.testing.assert_allclose(
                    frame, picture, rtol=0, atol=row.tolerance * abs(picture).max()
                )


@pytest.mark.parametrize("row", ALL_ROWS, ids=lambda row: row.name)
def test_maps_and_guided_gradients_equal_the_oracle(row: Row, document: str):
    model = row.model()
    engine = Engine(model, row.inputs(), precision="float32")
    oracle = Oracle(row.oracle_model(model), row.inputs())
    assert len(engine.convolutions) == len(oracle.maps)
    for position in first_middle_last(len(oracle.maps)):
        compare_convolution(engine, oracle, position, row)
    assert line(row, engine) in document.splitlines()


def test_the_document_lists_every_row_and_no_other(document: str):
    assert names_in(document) == [row.name for row in ALL_ROWS]
