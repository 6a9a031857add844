"""What a sheet or a statistic does not have is None in memory, and as it always was at rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import LayerCapture, Sheet, Statistic, StepKey
from tensorboard_plugin_convlens.server.to_wire import layer_capture
from tensorboard_plugin_convlens.storage.format.layer_message import (
    checked_statistics,
    statistic_from_message,
    statistic_to_message,
)
from tensorboard_plugin_convlens.storage.format.names import pack_name
from tensorboard_plugin_convlens.storage.format.sheet_message import (
    sheet_from_message,
    sheet_to_message,
)

PACK = pack_name(StepKey(0, "c0000000000000-00000000"), None)
INPUTS = st.none() | st.integers(0, 999_999)
STAGES = st.sampled_from([None, "before", "after", "none"])
TARGETS = st.sampled_from([None, "max", "sum"])
CHECKSUMS = st.none() | st.tuples(st.integers(0, 2**32 - 1))


def sheet(index=None, stage=None, target=None, checksums=None):
    one, none = np.ones(1, np.float32), np.zeros(1, np.int32)
    return Sheet(
        method="kernel",
        form="values",
        input=index,
        channels=1,
        planes=1,
        height=1,
        width=1,
        signed=True,
        scale=one,
        nan=none,
        infinite=none,
        sha256="0" * 64,
        pack=PACK,
        offset=8,
        length=20,
        channels_per_segment=1,
        segments=(0,),
        stage=stage,
        target=target,
        checksums=checksums,
    )


@given(INPUTS, STAGES, TARGETS, CHECKSUMS)
def test_a_sheet_comes_back_with_what_it_has_and_what_it_lacks(index, stage, target, checksums):
    message = sheet_to_message(sheet(index, stage, target, checksums), 0)
    found = sheet_from_message(message, (PACK,))
    assert (found.input, found.stage, found.target) == (index, stage, target)
    assert found.checksums == checksums


@given(INPUTS, STAGES)
def test_a_statistic_comes_back_with_what_it_has_and_what_it_lacks(index, stage):
    message = statistic_to_message(Statistic("l1", index, np.ones(1, np.float32), stage))
    found = statistic_from_message(message)
    assert (found.input, found.stage) == (index, stage)


def test_values_of_no_input_image_are_stored_as_minus_one_and_sent_as_before():
    layer = LayerCapture(0, (sheet(),), (Statistic("l1", None, np.ones(1, np.float32)),))
    message = sheet_to_message(sheet(), 0)
    assert (message.input, message.stage, message.target) == (-1, 0, 0)
    assert list(message.segment_crc32) == []
    assert statistic_to_message(layer.statistics[0]).input == -1

    sent = layer_capture("run", 0, layer, 3)
    assert [(one["stage"], one["target"]) for one in sent["sheets"]] == [("", "")]
    assert [(one["stage"], one["perInput"]) for one in sent["statistics"]] == [("", False)]


def test_a_statistic_of_an_input_image_before_the_first_is_refused():
    damaged = Statistic("mean", -2, np.ones(1, np.float32))
    with pytest.raises(FormatError, match="for input image -2"):
        checked_statistics(0, [damaged])
