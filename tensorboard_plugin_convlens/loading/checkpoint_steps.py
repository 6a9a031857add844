"""The training step of a saved model, from the name of its file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tensorboard_plugin_convlens.core.errors import InputError

STEP_RULE = (
    "the number beside epoch (ep, e), else beside step (iteration, iter, it, update), else "
    "beside checkpoint (ckpt, cp), else the first one in weights.03-0.21"
)
"""The rule for the number in a name, in words; see `_KINDS`."""

_SUFFIXES = re.compile(r"(?:\.weights)?\.(?:keras|h5|hdf5)$", re.IGNORECASE)
_MULTIPLES = {"": 1, "k": 1_000, "m": 1_000_000}

_EPOCH = "epochs?|(?<![a-z])ep|(?<![a-z0-9])e"
_STEP = "steps?|iterations?|(?<![a-z])(?:iters?|it)|updates?"
_CHECKPOINT = "checkpoints?|(?<![a-z])(?:ckpts?|chkpt|cp)"
# A number with a decimal point is a loss, an accuracy or a version, never a step.
_BEGIN, _END = r"(?<![0-9])(?<![0-9]\.)", r"(?![0-9]|\.[0-9])"


def _after(words: str) -> re.Pattern[str]:
    """Finds whole numbers after one of the words, with at most two signs between."""
    return re.compile(
        rf"(?:{words})[^a-z0-9]{{0,2}}([0-9]+){_END}(?:(k|m)(?![a-z0-9]))?", re.IGNORECASE
    )


def _before(words: str) -> re.Pattern[str]:
    """Finds numbers that one of the words follows, unless that has a number after it."""
    return re.compile(
        rf"{_BEGIN}([0-9]+)(k|m)?[^a-z0-9.]?(?:{words})(?![a-z]|[^a-z0-9]{{0,2}}[0-9]+{_END})",
        re.IGNORECASE,
    )


# The names in Keras' documentation: "weights.{epoch:02d}-{val_loss:.2f}" and
# "{epoch:02d}-{val_loss:.2f}", where a loss must follow.
_KERAS = re.compile(
    r"(?:(?:^|[^a-z])weights[^a-z0-9]?|^(?:model[^a-z0-9]?)?(?=[0-9]+[^a-z0-9.][0-9]+\.[0-9]))"
    rf"([0-9]+)(){_END}",
    re.IGNORECASE,
)
_KINDS = (
    *map(_after, (_EPOCH, _STEP, _CHECKPOINT)),
    *map(_before, ("epochs?|ep", "steps?|iterations?|iters?")),
    _KERAS,
)
_WHOLE = re.compile(rf"{_BEGIN}([0-9]+)(){_END}")


def lone_step(path: Path) -> int:
    """The step of a single file: the number that `STEP_RULE` names, else 0."""
    name = _stem(path.name)
    return next((found[0] for kind in _KINDS if (found := _numbers(kind, name))), 0)


def steps_of(paths: Sequence[Path]) -> list[int]:
    """The step of each of several files.

    The first kind of number in `STEP_RULE` counts that all names have and that differs in
    each. If no name has any of these, the first whole number that differs in each counts.
    Directories distinguish files of the same name: `checkpoint-500/model.keras`.

    Raises:
      InputError: A name has no such number, or two files get the same step.
    """
    names = _telling_names(paths)
    by_word = [column for kind in _KINDS for column in _columns(kind, names)]
    named = any(_numbers(kind, name) for kind in _KINDS for name in names)
    columns = by_word if named else _columns(_WHOLE, names)
    for column in columns:
        if len(set(column)) == len(column):
            return column
    raise _same_step(paths, by_word[0]) if by_word else _no_step(paths)


def _stem(name: str) -> str:
    return _SUFFIXES.sub("", name)


def _telling_names(paths: Sequence[Path]) -> list[str]:
    """The names of the files, or of the nearest directories if all files have one name."""
    rows = [(_stem(path.name), *(one.name for one in path.parents)) for path in paths]
    columns = list(zip(*rows, strict=False))
    return list(next((one for one in columns if len(set(one)) > 1), columns[0]))


def _numbers(kind: re.Pattern[str], name: str) -> list[int]:
    return [
        int(digits) * _MULTIPLES[(multiple or "").lower()]
        for digits, multiple in kind.findall(name)
    ]


def _columns(kind: re.Pattern[str], names: Sequence[str]) -> list[list[int]]:
    """The first number of this kind in each name, the second, …, as far as all have them."""
    return [
        list(column) for column in zip(*(_numbers(kind, name) for name in names), strict=False)
    ]


def _same_step(paths: Sequence[Path], steps: Sequence[int]) -> InputError:
    step = next(one for one in steps if steps.count(one) > 1)
    same = [path for path, one in zip(paths, steps, strict=True) if one == step]
    return InputError(
        f"{_listed(same)} have the same step, {step}. Capture each into a run of its own with "
        "--run, or one at a time with --step."
    )


def _no_step(paths: Sequence[Path]) -> InputError:
    without = [path for path in paths if not any(_numbers(k, _stem(path.name)) for k in _KINDS)]
    return InputError(
        f"ConvLens cannot tell the steps from the names {_listed(without or paths)}. "
        f"Expected {STEP_RULE}; or one whole number that differs in each, as in "
        "net-01.keras, net-02.keras. Or capture one model at a time with --step."
    )


def _listed(paths: Sequence[Path]) -> str:
    """Names of files for a sentence, ten at most."""
    shown = [repr(str(path)) for path in paths[:10]]
    if len(paths) > 10:
        shown.append(f"{len(paths) - 10} more")
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
