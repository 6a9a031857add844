"""Saved models, in the order of training."""

from __future__ import annotations

import glob
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from tensorboard_plugin_convlens.capture.lineage import hash_arrays
from tensorboard_plugin_convlens.core.errors import InputError

_SUFFIXES = (".keras", ".h5", ".hdf5")
WEIGHTS_SUFFIX = ".weights.h5"
"""Of files that `ModelCheckpoint(save_weights_only=True)` writes."""
_NUMBER = re.compile(r"[0-9]+")
_NAMED_STEP = re.compile(r"(?:epoch|step|ckpt|checkpoint)[-_. ]?([0-9]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A saved model and the step it is captured as."""

    path: Path
    step: int


def find_checkpoints(patterns: Sequence[str], step: int | None = None) -> list[Checkpoint]:
    """The model files that patterns name, by ascending step.

    The step of a file is the first number in its name that differs between all files:
    `epoch-03-loss-0.21.keras` beside `epoch-04-loss-0.19.keras` is step 3. A single file is
    captured as `step`, else as the number after "epoch", "step", "ckpt" or "checkpoint" in
    its name, else as 0.

    Raises:
      InputError: No file matches, a file is of another kind, two have one step, or `step`
        is given for several files.
    """
    paths = sorted({Path(path) for pattern in patterns for path in _match(pattern)})
    if len(paths) == 1:
        return [Checkpoint(paths[0], _lone_step(paths[0]) if step is None else step)]
    if step is not None:
        raise InputError(
            f"--step names one step, but {len(paths)} models were given. Leave it out: the "
            "steps are taken from the file names."
        )
    steps = _steps(paths)
    return sorted(
        (Checkpoint(path, number) for path, number in zip(paths, steps, strict=True)),
        key=lambda checkpoint: checkpoint.step,
    )


def load_checkpoint(path: Path, architecture: Path | None = None) -> keras.Model:
    """Loads a model without its optimizer; code stored in a `.keras` file is not run.

    Args:
      path: A saved model, or a weights file (`.weights.h5`).
      architecture: Of a weights file: a saved model, or its configuration as `to_json()`
        gives it, in a file ending in `.json`.

    Raises:
      InputError: Keras cannot load it; the text says why.
    """
    if path.name.endswith(WEIGHTS_SUFFIX):
        return _load_weights(path, architecture)
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        raise InputError(
            f"Keras cannot load {str(path)!r}: {_one_line(error)} If the model has classes of "
            "your own, load it in Python and use tensorboard_plugin_convlens.capture(model, …)."
        ) from error
    if not isinstance(model, keras.Model):
        raise InputError(f"{str(path)!r} holds a {type(model).__name__}, not a Keras model.")
    return model


def hash_model(model: keras.Model) -> str:
    """SHA-256, hexadecimal, of a model's configuration and of all its weights."""
    try:
        config = json.dumps(keras.saving.serialize_keras_object(model), sort_keys=True)
    except Exception:  # A class without get_config: its layers and weights must do.
        config = " ".join([type(model).__name__, *(one.path for one in model.weights)])
    weights = hash_arrays([np.asarray(one) for one in model.weights])
    return hashlib.sha256(f"{config}\0{weights}".encode()).hexdigest()


def _load_weights(path: Path, architecture: Path | None) -> keras.Model:
    if architecture is None:
        raise InputError(
            f"{str(path)!r} holds weights alone. Name the model that they belong to with "
            "--model: a saved model, or a .json file with model.to_json()."
        )
    try:
        if architecture.suffix == ".json":
            model = keras.models.model_from_json(architecture.read_text("utf-8"))
        else:
            model = load_checkpoint(architecture)
    except InputError:
        raise
    except Exception as error:
        raise InputError(
            f"Keras cannot make a model of {str(architecture)!r}: {_one_line(error)}"
        ) from error
    try:
        model.load_weights(path)
    except Exception as error:
        raise InputError(
            f"Keras cannot load the weights {str(path)!r} into the model of "
            f"{str(architecture)!r}: {_one_line(error)}"
        ) from error
    return model


def _one_line(error: Exception) -> str:
    """The first paragraph of a fault's text, as a sentence."""
    text = " ".join(str(error).strip().split("\n\n")[0].split()) or repr(error)
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _match(pattern: str) -> list[str]:
    found = [pattern] if Path(pattern).exists() else glob.glob(pattern)
    if not found:
        raise InputError(f"There is no model file {pattern!r}.")
    for path in found:
        if (Path(path) / "saved_model.pb").exists():
            raise InputError(
                f"{path!r} is a SavedModel. Keras 3 runs it as one function without layers, so "
                "there are no filters to show. Load it where it was made and save it with "
                "model.save('name.keras')."
            )
        if Path(path).suffix not in _SUFFIXES or not Path(path).is_file():
            raise InputError(
                f"{path!r} is no saved Keras model: expected a file ending in "
                f"{', '.join(_SUFFIXES)}. Save with model.save('name.keras')."
            )
    return found


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in _NUMBER.findall(path.stem)]


def _lone_step(path: Path) -> int:
    named = _NAMED_STEP.search(path.stem)
    return int(named[1]) if named else 0


def _steps(paths: Sequence[Path]) -> list[int]:
    """For each file, the number in its name by which all of them can be told apart."""
    columns = list(zip(*map(_numbers, paths), strict=False))
    for column in columns:
        if len(set(column)) == len(paths):
            return list(column)
    raise InputError(
        "The steps of the models cannot be told from their names: "
        f"{', '.join(path.name for path in paths)}. Expected one number that differs, as in "
        "epoch-01.keras, epoch-02.keras; or capture one at a time with --step."
    )
