from __future__ import annotations

import pytest

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.judgments.mask import build_mask


def test_a_mask_names_the_layers_that_lose_filters_and_counts_them():
    mask = build_mask({"a": 4, "b": 4}, [("a", 1), ("a", 3), ("a", 1)])
    assert list(mask.layers) == ["a"]
    assert mask.removed == 2


@pytest.mark.parametrize(("path", "channel"), [("c", 0), ("a", 4), ("a", -1)])
def test_a_filter_that_is_not_there_cannot_be_masked(path: str, channel: int):
    with pytest.raises(InputError, match=r"no convolution 'c'|has 4 filters"):
        build_mask({"a": 4}, [(path, channel)])
