"""Files of masks: which filters of a model are kept.

A mask file is JSON (`.json`) or a NumPy archive (`.npz`); both hold the same. JSON names the
removed filters, so that people can read and edit it:

    {"convlens_mask": 1, "layers": {"conv2": {"filters": 64, "removed": [3, 17]}}}

The archive has one array per layer, `bool [filter]` by the layer's path, true where the
filter is kept.
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.judgments.mask import FilterMask, Keep

VERSION = 1
MOST_FILTERS = 1 << 20
"""Largest number of filters of one layer; ConvLens refuses a file with more."""
_MOST_OF_ALL = 1 << 24
_LONGEST_TEXT = 64 << 20


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
    raise InputError(f"ConvLens writes masks as .json or .npz; got the suffix {suffix!r}.")


def read_mask(path: Path) -> FilterMask:
    """Reads a mask file; checks everything in it before unpacking or using it.

    Raises:
      InputError: It cannot be read, or is not a mask; the text gives the reason.
    """
    try:
        if path.suffix.lower() == ".npz":
            mask = _parse_archive(path)
        else:
            mask = _parse_json(json.loads(_read_text(path)), path)
    except OSError as error:
        raise InputError(
            f"The mask {str(path)!r} cannot be read: {error.strerror or error}."
        ) from error
    except InputError:
        raise
    except Exception as error:  # Damaged archives raise zlib.error, SyntaxError and others.
        what = str(error)[:200] or type(error).__name__
        raise InputError(f"{str(path)!r} is not a mask of ConvLens: {what}.") from error
    return mask


def _read_text(path: Path) -> str:
    if path.stat().st_size > _LONGEST_TEXT:
        raise InputError(
            f"The mask {str(path)!r} has more than {_LONGEST_TEXT:,} bytes, more than any mask."
        )
    return path.read_text(encoding="utf-8")


def _arrays(mask: FilterMask) -> dict[str, Any]:
    return {path: np.asarray(keep, np.bool_) for path, keep in mask.layers.items()}


def _to_json(mask: FilterMask) -> dict[str, Any]:
    layers = {
        path: {"filters": len(keep), "removed": np.flatnonzero(~keep).tolist()}
        for path, keep in mask.layers.items()
    }
    return {"convlens_mask": VERSION, "layers": layers}


def _parse_archive(path: Path) -> FilterMask:
    layers: dict[str, Keep] = {}
    filters = 0
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = entry.filename.removesuffix(".npy")
            with archive.open(entry) as file:
                layers[name] = _parse_array(file, name, path)
            filters += len(layers[name])
            _check_sum(filters, path)
    return FilterMask(layers)


def _parse_array(file: IO[bytes], name: str, path: Path) -> Keep:
    """An array of a NumPy archive; unpacks no more than its header says."""
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if len(shape) != 1 or dtype != np.bool_ or not 0 <= shape[0] <= MOST_FILTERS:
        raise InputError(
            f"The mask of layer {name[:200]!r} in {str(path)!r} must be bool [filter] of at "
            f"most {MOST_FILTERS} filters; got {dtype} {list(shape)}."
        )
    content = file.read(shape[0])
    if len(content) != shape[0]:
        raise ValueError(f"the mask of layer {name[:200]!r} is cut short")
    return np.frombuffer(content, np.uint8).astype(np.bool_)


def _check_sum(filters: int, path: Path) -> None:
    if filters > _MOST_OF_ALL:
        raise InputError(
            f"The mask {str(path)!r} is for more than {_MOST_OF_ALL:,} filters; no model has "
            "that many."
        )


def _parse_json(content: Any, path: Path) -> FilterMask:
    if not isinstance(content, dict) or content.get("convlens_mask") != VERSION:
        raise InputError(
            f'{str(path)!r} is not a mask of ConvLens: expected {{"convlens_mask": {VERSION}, '
            '"layers": …}, as `convlens export mask` writes it.'
        )
    layers = content.get("layers")
    if not isinstance(layers, dict):
        raise InputError(f'The mask {str(path)!r} has no "layers".')
    found: dict[str, Keep] = {}
    filters = 0
    for name, one in layers.items():
        found[name] = _parse_layer(name, one)
        filters += len(found[name])
        _check_sum(filters, path)
    return FilterMask(found)


def _parse_layer(name: str, content: Any) -> Keep:
    found = content if isinstance(content, dict) else {}
    filters, removed = found.get("filters"), found.get("removed")
    if type(filters) is not int or not isinstance(removed, list):  # True is an int, too.
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
            f"The mask of layer {name[:200]!r} removes {wrong[0]!r}, but the layer has "
            f"{filters} filters, counted from 0."
        )
    keep = np.ones(filters, np.bool_)
    keep[removed] = False
    return keep


def _is_filter(value: Any, filters: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < filters
