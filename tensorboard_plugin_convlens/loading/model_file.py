"""Checks what a model file contains, and how much, before Keras loads it.

A few kilobytes can ask for a model of any size: a configuration of 400 million filters, a
compressed weight of zeros, layers inside layers. So the claims of a file are compared with its
content.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import h5py

from tensorboard_plugin_convlens.core.errors import InputError

_MOST_ENTRIES = 10_000
_MOST_EXPANSION = 100
"""How often as large as it is stored, as Keras has it for single entries."""
_FREE_BYTES = 64 << 20
"""Bytes that may be claimed beyond that: small files compress well."""
_LONGEST_CONFIG = 32 << 20
_DEEPEST_CONFIG = 400
_MOST_OBJECTS = 200_000
_LONGEST_NAME = 1_000
_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"

Form = Literal["model.keras", "model.h5", "old.h5", "new.weights.h5"]
"""A name by which Keras knows what it is: a model of Keras 3 or 2, weights of 2 or 3."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A saved model, or weights.

    Attributes:
      form: Its real form, whatever its name.
      size: Size of the file, in bytes.
      values: How many numbers its weights have, at most.
      objects: How many objects its configuration has; 0 for weights.
    """

    form: Form
    size: int
    values: int
    objects: int

    @property
    def is_weights(self) -> bool:
        """Whether it holds weights alone."""
        return self.form in ("old.h5", "new.weights.h5")


def inspect_model_file(path: Path) -> ModelFile:
    """Checks a model file; runs no code of it, and reads only its index.

    Raises:
      InputError: It is not a model file, is damaged, or claims to have far more than it has.
    """
    try:
        size = path.stat().st_size
        if zipfile.is_zipfile(path):
            return _inspect_archive(path, size)
        if h5py.is_hdf5(path):
            with h5py.File(path, "r") as file:
                return _inspect_hdf5(file, size)
    except InputError:
        raise
    except Exception as error:  # HDF5 and zip of damaged files raise whatever they meet.
        what = " ".join(str(error).split())[:500] or type(error).__name__
        raise InputError(f"it is damaged: {what}") from error
    raise InputError(
        "it is neither a zip archive (.keras) nor HDF5 (.h5)" if size else "it is empty"
    )


def count_objects(config: str) -> int:
    """How many objects the configuration of a model has, as JSON.

    Raises:
      InputError: It is not JSON, or is longer, deeper or larger than any model needs.
    """
    if len(config) > _LONGEST_CONFIG:
        raise InputError(
            f"its configuration has {len(config):,} characters; ConvLens reads at most "
            f"{_LONGEST_CONFIG:,}"
        )
    try:
        waiting = [(1, json.loads(config))]
    except RecursionError as error:
        raise InputError("its configuration is nested too deeply") from error
    except ValueError as error:
        raise InputError(f"its configuration is not JSON: {error}") from error
    objects = 0
    while waiting:
        depth, value = waiting.pop()
        objects += isinstance(value, dict)
        _check_part(value, depth, objects)
        parts = value.values() if isinstance(value, dict) else value
        waiting += [(depth + 1, one) for one in parts if isinstance(one, (dict, list))]
    return objects


def _check_part(value: Any, depth: int, objects: int) -> None:
    if depth > _DEEPEST_CONFIG:
        raise InputError("its configuration is nested too deeply")
    if objects > _MOST_OBJECTS:
        raise InputError(f"its configuration has more than {_MOST_OBJECTS:,} objects")
    name = value.get("name") if isinstance(value, dict) else None
    if isinstance(name, str) and len(name) > _LONGEST_NAME:
        raise InputError(
            f"a name in its configuration has {len(name):,} characters; ConvLens reads at most "
            f"{_LONGEST_NAME:,}"
        )


def _inspect_archive(path: Path, size: int) -> ModelFile:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if len(entries) > _MOST_ENTRIES:
            raise InputError(
                f"it has {len(entries):,} entries; ConvLens reads at most {_MOST_ENTRIES:,}"
            )
        unpacked = sum(one.file_size for one in entries)
        _check_expansion(unpacked, size)
        if archive.getinfo(_CONFIG).file_size > _LONGEST_CONFIG:
            raise InputError("its configuration is longer than that of any model")
        objects = count_objects(archive.read(_CONFIG).decode("utf-8"))
        if _WEIGHTS not in archive.namelist():
            return ModelFile("model.keras", size, unpacked, objects)
        with h5py.File(_seekable(archive, _WEIGHTS), "r") as file:
            return ModelFile("model.keras", size, _count_values(file, unpacked), objects)


def _seekable(archive: zipfile.ZipFile, name: str) -> Any:
    """An entry as a file with fast seeking."""
    if archive.getinfo(name).compress_type == zipfile.ZIP_STORED:
        return archive.open(name)
    return io.BytesIO(archive.read(name))


def _inspect_hdf5(file: h5py.File, size: int) -> ModelFile:
    values = _count_values(file, size)
    config = file.attrs.get("model_config")
    if config is not None:
        text = config.decode("utf-8") if isinstance(config, bytes) else str(config)
        return ModelFile("model.h5", size, values, count_objects(text))
    is_old = "layer_names" in file.attrs or "model_weights" in file
    return ModelFile("old.h5" if is_old else "new.weights.h5", size, values, 0)


def _count_values(file: h5py.File, size: int) -> int:
    """How many numbers the data sets have; links to other files are not followed."""
    values = claimed = stored = 0
    for dataset in _datasets(file):
        values += int(dataset.size or 0)
        claimed += int(dataset.nbytes)
        stored += int(dataset.id.get_storage_size())
    _check_expansion(claimed, min(stored, size))
    return values


def _datasets(file: h5py.File) -> Iterator[h5py.Dataset]:
    found: list[h5py.Dataset] = []

    def collect(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset):
            found.append(item)

    file.visititems(collect)
    return iter(found)


def _check_expansion(claimed: int, stored: int) -> None:
    if claimed > _FREE_BYTES + _MOST_EXPANSION * stored:
        raise InputError(
            f"it claims to hold {claimed / 1e6:,.0f} MB in {stored / 1e6:,.1f} MB; weights "
            "cannot be compressed so much"
        )
