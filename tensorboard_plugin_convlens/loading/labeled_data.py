"""Inputs with their true targets, from files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.records import Skipped
from tensorboard_plugin_convlens.loading.photographs import read_photographs


@dataclass(frozen=True, slots=True)
class LabeledData:
    """Inputs and targets.

    Attributes:
      x: `[batch, …]`, as the model takes them.
      y: `[batch]` class indices, or `[batch, …]`.
      skipped: Files that it left out.
      notes: Changes to pictures that a person would not expect.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Skipped, ...] = ()


def read_labeled_data(
    source: Path, model: keras.Model, *, how: str = "raw", most: int = 1000
) -> LabeledData:
    """Reads inputs and targets.

    Args:
      source: A NumPy archive `.npz` with the arrays `x` and `y`, taken as they are; or a
        directory with one directory of pictures per class, whose names in alphabetical
        order are the classes 0, 1, ….
      model: Gives the size of the pictures.
      how: Preprocessing of the pictures; see `photographs.preprocess`.
      most: Largest number of inputs: the first of an archive, equally many of each class.

    Raises:
      InputError: The data cannot be read; the text gives the reason.
    """
    if source.suffix == ".npz":
        return _from_archive(source, most)
    if not source.is_dir():
        raise InputError(
            f"There is no data {str(source)!r}; expected a .npz file with the arrays x and y, "
            "or a directory with one directory of pictures per class."
        )
    return _from_directories(source, model, how, most)


def _from_archive(source: Path, most: int) -> LabeledData:
    try:
        with np.load(source, allow_pickle=False) as archive:
            missing = {"x", "y"} - set(archive.files)
            if missing:
                raise InputError(
                    f"{str(source)!r} has the arrays {', '.join(archive.files)[:200]}; "
                    "expected x, the inputs, and y, the targets. Write it with "
                    "np.savez(file, x=x, y=y)."
                )
            return LabeledData(archive["x"][:most], archive["y"][:most])
    except InputError:
        raise
    except Exception as error:  # A damaged archive raises zlib.error, KeyError, SyntaxError, ….
        raise InputError(
            f"The data {str(source)!r} cannot be read as a NumPy archive: {error}."
        ) from error


def _from_directories(source: Path, model: keras.Model, how: str, most: int) -> LabeledData:
    classes = sorted(path for path in source.iterdir() if path.is_dir())
    if len(classes) < 2:
        raise InputError(
            f"{str(source)!r} holds {len(classes)} directories; expected one directory of "
            "pictures per class."
        )
    if most < len(classes):
        raise InputError(f"{most} inputs are too few for {len(classes)} classes.")
    found = [read_photographs(one, model, most=most // len(classes)) for one in classes]
    labels = [np.full(len(one.labels), index) for index, one in enumerate(found)]
    return LabeledData(
        np.concatenate([one.as_inputs(how) for one in found]),
        np.concatenate(labels),
        tuple(skipped for one in found for skipped in one.skipped),
        tuple(note for one in found for note in one.notes),
    )
