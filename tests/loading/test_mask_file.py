from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.judgments.mask import FilterMask, build_mask
from tensorboard_plugin_convlens.loading.mask_file import encode_mask, read_mask

# Names that a zip archive and a JSON object can hold side by side.
paths = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1)
masks = st.dictionaries(paths, arrays.arrays(np.bool_, st.integers(1, 40)), max_size=4).map(
    FilterMask
)


def same(one: FilterMask, other: FilterMask) -> bool:
    return one.layers.keys() == other.layers.keys() and all(
        np.array_equal(one.layers[name], other.layers[name]) for name in one.layers
    )


@given(mask=masks)
def test_a_mask_is_read_back_from_json_as_it_was_written(mask: FilterMask, tmp_path_factory):
    path = tmp_path_factory.mktemp("mask") / "mask.json"
    path.write_bytes(encode_mask(mask, ".json"))
    assert same(read_mask(path), mask)


def test_a_mask_is_read_back_from_an_archive_that_numpy_alone_can_read(tmp_path: Path):
    mask = build_mask({"backbone/conv1": 4, "conv2": 3}, [("backbone/conv1", 2), ("conv2", 0)])
    (tmp_path / "mask.npz").write_bytes(encode_mask(mask, ".npz"))
    assert same(read_mask(tmp_path / "mask.npz"), mask)
    with np.load(tmp_path / "mask.npz") as archive:
        assert archive["backbone/conv1"].tolist() == [True, True, False, True]


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "[]",
        '{"convlens_mask": 2, "layers": {}}',
        '{"convlens_mask": 1}',
        '{"convlens_mask": 1, "layers": {"a": 3}}',
        '{"convlens_mask": 1, "layers": {"a": {"filters": 2, "removed": [2]}}}',
        '{"convlens_mask": 1, "layers": {"a": {"filters": 2, "removed": [true]}}}',
        '{"convlens_mask": 1, "layers": {"a": {"filters": 1e99, "removed": []}}}',
        '{"convlens_mask": 1, "layers": {"a": {"filters": 99999999999, "removed": []}}}',
    ],
)
def test_a_file_that_is_not_a_mask_is_refused_with_a_sentence(content: str, tmp_path: Path):
    path = tmp_path / "mask.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"mask"):
        read_mask(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_sentence(content: bytes, tmp_path: Path):
    for name in ("mask.json", "mask.npz"):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError):
            read_mask(path)


def test_an_archive_of_other_arrays_is_refused(tmp_path: Path):
    np.savez(tmp_path / "mask.npz", a=np.zeros((2, 2)))
    with pytest.raises(InputError, match=r"must be bool \[filter\]"):
        read_mask(tmp_path / "mask.npz")


def peak_of_refusing(path: Path) -> int:
    """Bytes that Python and NumPy held at most, beyond what they held before."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError) as raised:
            read_mask(path)
        assert "mask" in str(raised.value)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", ["bool", "float64"])
def test_an_archive_is_checked_before_it_is_unpacked(tmp_path: Path, dtype: str):
    path = tmp_path / "mask.npz"
    np.savez_compressed(path, conv=np.zeros(400_000_000 // np.dtype(dtype).itemsize, dtype))
    assert path.stat().st_size < 500_000

    assert peak_of_refusing(path) < 2_000_000


def test_many_large_masks_in_a_small_file_are_refused(tmp_path: Path):
    layer = {"filters": 1 << 20, "removed": []}
    path = tmp_path / "mask.json"
    layers = {str(index): layer for index in range(99)}
    path.write_text(json.dumps({"convlens_mask": 1, "layers": layers}))
    mask = FilterMask({name: np.ones(1 << 20, np.bool_) for name in layers})
    (tmp_path / "mask.npz").write_bytes(encode_mask(mask, ".npz"))

    for one in (path, tmp_path / "mask.npz"):
        assert peak_of_refusing(one) < 40_000_000


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 200_000, '{"convlens_mask": 1' + "0" * 9999]
)
def test_deep_or_long_json_is_refused_with_a_sentence(tmp_path: Path, text: str):
    path = tmp_path / "mask.json"
    path.write_text(text)
    with pytest.raises(InputError, match="is not a mask of ConvLens"):
        read_mask(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_damage_of_an_archive_is_read_or_refused(tmp_path: Path, data: st.DataObject):
    whole, damaged = tmp_path / "whole.npz", tmp_path / "mask.npz"
    if not whole.exists():
        mask = build_mask({"conv1": 300, "conv2": 9}, [("conv1", 7), ("conv2", 0)])
        whole.write_bytes(encode_mask(mask, ".npz"))
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged.write_bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        assert all(one.dtype == np.bool_ for one in read_mask(damaged).layers.values())
    except InputError as error:
        assert "mask" in str(error)


def test_json_can_be_edited_by_hand(tmp_path: Path):
    path = tmp_path / "mask.json"
    layers = {"conv1": {"filters": 4, "removed": [0, 3]}}
    path.write_text(json.dumps({"convlens_mask": 1, "layers": layers}))
    assert read_mask(path).layers["conv1"].tolist() == [False, True, True, False]


def test_other_files_are_neither_written_nor_found(tmp_path: Path):
    with pytest.raises(InputError, match=r"\.json or \.npz"):
        encode_mask(FilterMask({}), ".txt")
    with pytest.raises(InputError, match="cannot be read"):
        read_mask(tmp_path / "mask.json")
