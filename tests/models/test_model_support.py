"""The engine against the oracle, with oneDNN and without, on `docs/model_support.md`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tensorboard_plugin_convlens.engine.engine import Engine
from tests.models.model_rows import Row
from tests.models.row_results import LayerResults, OtherKernels, row_results
from tests.models.support_table import line, names_in
from tests.models.unusual_rows import ALL_ROWS
from tests.oracle import Oracle


@pytest.fixture(scope="session")
def document(repository: Path) -> str:
    return (repository / "docs/model_support.md").read_text()


@pytest.fixture(scope="session")
def other_kernels(tmp_path_factory):
    process = OtherKernels(tmp_path_factory.mktemp("other_kernels"))
    yield process
    process.close()


def compare(found: LayerResults, engine: Engine, oracle: Oracle, row: Row) -> None:
    route = engine._plan.routes[engine.convolutions[found.position]]
    layout = route.convolution.layout
    assert layout.channel_axis is not None
    expected = layout.to_planes(oracle.maps[found.position])[0]
    np.testing.assert_allclose(
        found.maps, expected, rtol=1e-7, atol=max(row.tolerance, 3e-6) * abs(expected).max()
    )
    for target, channel, source, frame in found.gradients:
        reference = oracle.gradient(
            found.position,
            channel,
            target=target,
            source=source,
            axis=layout.channel_axis + 1,
        )
        picture = route.source_layout.to_picture(reference)[0]
        np.testing.assert_allclose(
            frame, picture, rtol=0, atol=row.tolerance * abs(picture).max()
        )


@pytest.mark.parametrize("row", ALL_ROWS, ids=lambda row: row.name)
def test_maps_and_guided_gradients_equal_the_oracle_with_onednn_and_without(
    row: Row, document: str, other_kernels: OtherKernels
):
    other_kernels.ask(row)
    model = row.model()
    engine = Engine(model, row.inputs(), precision="float32")
    oracle = Oracle(row.oracle_model(model), row.inputs())
    here, there = row_results(row, engine), other_kernels.answer()
    assert len(engine.convolutions) == len(oracle.maps)
    for results in (here, there):
        assert [one.position for one in results.layers][-1] == len(oracle.maps) - 1
        for layer in results.layers:
            compare(layer, engine, oracle, row)
    assert line(row, engine, here.is_compiled or there.is_compiled) in document.splitlines()


def test_the_document_lists_every_row_and_no_other(document: str):
    assert names_in(document) == [row.name for row in ALL_ROWS]
