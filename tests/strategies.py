"""Hypothesis strategies for ConvLens values."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

PLANES = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=4, max_dims=4, min_side=1, max_side=5),
    elements=st.floats(-(2.0**100), 2.0**100, width=32),
)
"""`float32 [channel, plane, height, width]` of finite values."""

LEVELS = hnp.arrays(
    np.uint8,
    hnp.array_shapes(min_dims=4, max_dims=4, min_side=1, max_side=40),
)
"""`uint8 [channel, plane, height, width]`."""
