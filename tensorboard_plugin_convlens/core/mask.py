"""Which filters of a model are kept: a mask per layer, as pruning code takes it, and its files.

A mask file is JSON (`.json`) or a NumPy archive (`.npz`); both hold the same. JSON names what
is removed, so that people can read and edit it:

    {"convlens_mask": 1, "layers": {"conv2": {"filters": 64, "removed": [3, 17]}}}

The archive has one array per layer, `bool [filter]` by the layer's path, true where the
filter is kept.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import InputError

VERSION = 1
MOST_FILTERS = 1 << 20
"""Of one layer; a file that says more is not believed."""

Keep = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FilterMask:
    """Which filters are kept.

    Attributes:
      layers: Path of a layer → `bool [filter]`, true where the filter is kept. Layers that are
        not named keep all of theirs.
    """

    layers: Mapping[str, Keep]

    @property
    def removed(self) -> int:
        """Number of filters that are not kept."""
        return sum(int((~keep).sum()) for keep in self.layers.values())


def build_mask(filters: Mapping[str, int], removed: Iterable[tuple[str, int]]) -> FilterMask:
    """A mask of all layers that lose a filter.

    Args:
      filters: Path of each layer → its number of filters.
      removed: (path, filter) of each that is not kept.

    Raises:
      InputError: A layer is not among `filters`, or does not have that filter.
    """
    layers: dict[str, Keep] = {}
    for path, channel in removed:
        if path not in filters:
            raise InputError(f"The model has no convolution {path[:200]!r} to mask filters of.")
        if not 0 <= channel < filters[path]:
            raise InputError(
                f"Layer {path[:200]!r} has {filters[path]} filters, counted from 0; there is "
                f"no filter {channel}."
            )
        layers.setdefault(path, np.ones(filters[path], np.bool_))[channel] = False
    return FilterMask(layers)


def encode_mask(mask: FilterMask, suffix: str) -> bytes:
    """The content of a mask file of the kind that its suffix names: `.json` or `.npz`.

    Raises:
      InputError: Another suffix.
    """
    if suffix == ".npz":
        archive = io.BytesIO()
        np.savez_compressed(archive, allow_pickle=False, **_arrays(mask))
        return archive.getvalue()
    if suffix == ".json":
        return (json.dumps(_to_json(mask), indent=1) + "\n").encode()
    raise InputError(f"A mask is written as .json or .npz; got a file name in {suffix!r}.")


def read_mask(path: Path) -> FilterMask:
    """Reads a mask file; nothing in it is believed before it is checked.

    Raises:
      InputError: It cannot be read, or is no mask; the text says what is wrong.
    """
    try:
        if path.suffix == ".npz":
            return _parse_archive(path)
        return _parse_json(json.loads(path.read_text(encoding="utf-8")), path)
    except OSError as error:
        raise InputError(
            f"The mask {str(path)!r} cannot be read: {error.strerror or error}."
        ) from error
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"{str(path)!r} is no mask of ConvLens: {error}.") from error


def _arrays(mask: FilterMask) -> dict[str, Any]:
    return {path: np.asarray(keep, np.bool_) for path, keep in mask.layers.items()}


def _to_json(mask: FilterMask) -> dict[str, Any]:
    layers = {
        path: {"filters": len(keep), "removed": np.flatnonzero(~keep).tolist()}
        for path, keep in mask.layers.items()
    }
    return {"convlens_mask": VERSION, "layers": layers}


def _parse_archive(path: Path) -> FilterMask:
    with np.load(path, allow_pickle=False) as archive:
        layers = {name: archive[name] for name in archive.files}
    for name, keep in layers.items():
        if keep.ndim != 1 or keep.dtype != np.bool_ or len(keep) > MOST_FILTERS:
            raise InputError(
                f"The mask of layer {name[:200]!r} in {str(path)!r} must be bool [filter]; got "
                f"{keep.dtype} {list(keep.shape)}."
            )
    return FilterMask(layers)


def _parse_json(content: Any, path: Path) -> FilterMask:
    if not isinstance(content, dict) or content.get("convlens_mask") != VERSION:
        raise InputError(
            f'{str(path)!r} is no mask of ConvLens: expected {{"convlens_mask": {VERSION}, '
            '"layers": …}, as `convlens export mask` writes it.'
        )
    layers = content.get("layers")
    if not isinstance(layers, dict):
        raise InputError(f'The mask {str(path)!r} has no "layers".')
    return FilterMask({name: _parse_layer(name, one) for name, one in layers.items()})


def _parse_layer(name: str, content: Any) -> Keep:
    found = content if isinstance(content, dict) else {}
    filters, removed = found.get("filters"), found.get("removed")
    if not isinstance(filters, int) or not isinstance(removed, list):
        raise InputError(
            f'The mask of layer {name[:200]!r} must be {{"filters": number, "removed": '
            "[numbers]}."
        )
    if not 0 <= filters <= MOST_FILTERS:
        raise InputError(
            f"The mask of layer {name[:200]!r} is for {filters} filters; expected at most "
            f"{MOST_FILTERS}."
        )
    wrong = [one for one in removed if not _is_filter(one, filters)]
    if wrong:
        raise InputError(
            f"The mask of layer {name[:200]!r} removes {wrong[0]!r}; its {filters} filters are "
            "counted from 0."
        )
    keep = np.ones(filters, np.bool_)
    keep[removed] = False
    return keep


def _is_filter(value: Any, filters: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < filters
