"""Saved models, in the order of training."""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.hashing import hash_arrays
from tensorboard_plugin_convlens.loading.checkpoint_steps import lone_step, steps_of
from tensorboard_plugin_convlens.loading.load_limits import exceeded, limited
from tensorboard_plugin_convlens.loading.model_file import (
    Form,
    ModelFile,
    count_objects,
    inspect_model_file,
)

_SUFFIXES = (".keras", ".h5", ".hdf5")
OLDEST_KERAS = (3, 15, 1)
_LONGEST_REASON = 2_000
_LEFT_OUT = ("config=", "List of objects")
_ALIAS = re.compile(r"\S*convlens-\w+/(?:model\.keras|model\.h5|old\.h5|new\.weights\.h5)")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A saved model and its step."""

    path: Path
    step: int


def find_checkpoints(patterns: Sequence[str], step: int | None = None) -> list[Checkpoint]:
    """The model files that patterns name, by ascending step.

    The step of a file is the number beside "epoch", "step" or the like in its name:
    `acc-0.87-epoch-04.keras` is step 4. See `checkpoint_steps`.

    Args:
      patterns: Names of files, or patterns of them as a shell has them.
      step: Step of a single file, instead of the one in its name.

    Raises:
      InputError: No file matches, a file is of another kind, two have one step, or `step`
        is given for several files.
    """
    paths = sorted({Path(path) for pattern in patterns for path in _match(pattern)})
    if len(paths) == 1:
        return [Checkpoint(paths[0], lone_step(paths[0]) if step is None else step)]
    if step is not None:
        raise InputError(
            f"--step names one step, but there are {len(paths)} models. Leave it out: ConvLens "
            "takes the steps from the file names."
        )
    return sorted(
        map(Checkpoint, paths, steps_of(paths)),
        key=lambda checkpoint: checkpoint.step,
    )


def load_checkpoint(path: Path, architecture: Path | None = None) -> keras.Model:
    """Loads a model without its optimizer, and runs no code of the file.

    The content of the file decides how it is read, not its name: a `.h5` may be a saved model,
    or weights of Keras 2 or 3.

    Args:
      path: A saved model, or a file of weights.
      architecture: The model that the weights of `path` are loaded into: a saved model, or
        its configuration as `to_json()` gives it, in a file ending in `.json`.

    Raises:
      InputError: Keras cannot load it, it asks for more memory or time than its size accounts
        for, or Keras is older than 3.15.1; the text says why.
    """
    _check_keras()
    file = _inspect(path)
    if file.is_weights and architecture is None:
        raise InputError(
            f"{str(path)!r} contains only weights. Name the model that they belong to with "
            "--model of `convlens capture`: a saved model, or a .json file with "
            "model.to_json()."
        )
    if architecture is not None:
        return _load_weights(path, file, architecture)
    try:
        with limited(file, file.objects), _known_as(path, file.form) as known:
            model = keras.models.load_model(known, compile=False, safe_mode=True)
    except Exception as error:
        raise InputError(
            f"Keras cannot load {str(path)!r}: {_reason(error, path)} If the model has classes "
            "of your own, load it in Python and use tensorboard_plugin_convlens.capture(model, "
            "…)."
        ) from error
    if not isinstance(model, keras.Model):
        raise InputError(f"{str(path)!r} contains a {type(model).__name__}, not a Keras model.")
    return model


def hash_model(model: keras.Model) -> str:
    """SHA-256, hexadecimal, of a model's configuration and of all its weights."""
    try:
        config = json.dumps(keras.saving.serialize_keras_object(model), sort_keys=True)
    except Exception:  # A class without get_config: its layers and weights must do.
        config = " ".join([type(model).__name__, *(one.path for one in model.weights)])
    weights = hash_arrays([np.asarray(one) for one in model.weights])
    return hashlib.sha256(f"{config}\0{weights}".encode()).hexdigest()


def _check_keras() -> None:
    """Refuses releases that run code of a file, such as Lambda layers in .h5 (CVE-2025-9905).

    See docs/decisions/0052 for the list.
    """
    found = tuple(int(one) for one in re.findall(r"[0-9]+", keras.__version__)[:3])
    if found < OLDEST_KERAS:
        oldest = ".".join(map(str, OLDEST_KERAS))
        raise InputError(
            f"A model file can make Keras {keras.__version__} run code or read other files. "
            f"ConvLens loads saved models with Keras {oldest} or later: "
            f"pip install 'keras>={oldest}'"
        )


def _inspect(path: Path) -> ModelFile:
    try:
        return inspect_model_file(path)
    except InputError as error:
        raise InputError(f"Keras cannot load {str(path)!r}: {error}.") from error


def _load_weights(path: Path, file: ModelFile, architecture: Path) -> keras.Model:
    """A model with the weights of a file, which may also be a whole model."""
    if architecture.suffix.lower() == ".json":
        model = _build(architecture, file)
    else:
        model = load_checkpoint(architecture)
    form: Form = "old.h5" if file.form == "model.h5" else file.form
    try:
        with limited(file, 0), _known_as(path, form) as known:
            model.load_weights(known)
    except Exception as error:
        raise InputError(
            f"Keras cannot load the weights {str(path)!r} into the model of "
            f"{str(architecture)!r}: {_reason(error, path)}"
        ) from error
    return model


def _build(architecture: Path, weights: ModelFile) -> keras.Model:
    """The model of a .json file, not larger than its weights are."""
    try:
        text = architecture.read_text("utf-8")
        with limited(weights, count_objects(text)):
            model = keras.models.model_from_json(text)
    except Exception as error:
        raise InputError(
            f"Keras cannot make a model of {str(architecture)!r}: "
            f"{_reason(error, architecture)}"
        ) from error
    if not isinstance(model, keras.Model):
        raise InputError(
            f"{str(architecture)!r} describes a {type(model).__name__}, not a Keras model."
        )
    return model


@contextlib.contextmanager
def _known_as(path: Path, form: Form) -> Iterator[Path]:
    """The file under a name from which Keras knows its content: it checks nothing else."""
    name = path.name
    is_new = name.endswith(".weights.h5")
    is_known = {
        "model.keras": name.endswith(".keras"),
        "model.h5": name.endswith((".h5", ".hdf5")),
        "old.h5": name.endswith((".h5", ".hdf5")) and not is_new,
        "new.weights.h5": is_new,
    }[form]
    if is_known:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="convlens-") as directory:
        alias = Path(directory) / form
        try:
            alias.symlink_to(path.resolve())
        except OSError:  # Windows, without the right to
            shutil.copyfile(path, alias)
        yield alias


def _reason(error: Exception, path: Path) -> str:
    """Why Keras failed, as a sentence: its message without configurations and lists."""
    text = exceeded(error)
    if not text:
        said = str(error).split("\n\n")
        kept = [" ".join(one.split()) for one in said if not one.startswith(_LEFT_OUT)]
        text = " ".join(kept) or repr(error)
    if len(text) > _LONGEST_REASON:
        text = f"{text[:_LONGEST_REASON]} …"
    for alias in _ALIAS.findall(text):
        text = text.replace(alias, str(path))
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
        if Path(path).suffix.lower() not in _SUFFIXES or not Path(path).is_file():
            raise InputError(
                f"{path!r} is not a saved Keras model: expected a file ending in "
                f"{', '.join(_SUFFIXES)}. Save with model.save('name.keras')."
            )
    return found
