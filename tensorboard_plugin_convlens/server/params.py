"""Converts query strings to typed values, or raises an error with status 400.

Nothing from a request becomes a path or a file name: a run is looked up among those that
TensorBoard lists, a step among those of the run, the rest are numbers and hashes.
"""

from __future__ import annotations

import re
from typing import get_args

from werkzeug.datastructures import MultiDict

from tensorboard_plugin_convlens.core.filters.flags import DEFAULTS, Thresholds
from tensorboard_plugin_convlens.core.filters.stages import StatisticStage
from tensorboard_plugin_convlens.core.records import ActivationStage, Form, Method, StepKey
from tensorboard_plugin_convlens.server.captures import StepOf, TileOf
from tensorboard_plugin_convlens.storage.format.names import is_fingerprint, is_session

Query = MultiDict[str, str]

_NUMBER = re.compile(r"[0-9]{1,15}")
_STATISTIC = re.compile(r"[a-z0-9_]{1,64}")
_SHARE = re.compile(r"0|1|1\.0{1,15}|0?\.[0-9]{1,15}")
_TILE = re.compile(
    r"([0-9]{1,15})\.([a-z0-9-]{1,40})\.([0-9]{1,15})\.([a-z]+)\.([a-z]+)\.([a-z]+)"
)
_MOST_TILES = 64
_METHODS: dict[str, Method] = {name: name for name in get_args(Method)}
_FORMS: dict[str, Form] = {name: name for name in get_args(Form)}
_STAGES: dict[str, ActivationStage] = {name: name for name in get_args(ActivationStage)}
_LONGEST_RUN = 4096
_SHOWN = 80


class BadParameterError(ValueError):
    """A parameter is missing or malformed; the text is a sentence for the answer."""


def run(query: Query) -> str:
    """The name of a run. Raises `BadParameterError`."""
    name = _required(query, "run")
    if len(name) > _LONGEST_RUN or "\0" in name:
        raise BadParameterError("The parameter run is not the name of a run.")
    return name


def step(query: Query) -> StepOf:
    """A run, step and session. Raises `BadParameterError`."""
    session = _required(query, "session")
    return checked_step(StepOf(run(query), StepKey(number(query, "step"), session)))


def checked_step(step: StepOf) -> StepOf:
    """The step itself. Raises `BadParameterError` unless its session can be one."""
    session = step.key.session
    if session != "events" and not is_session(session):
        raise BadParameterError(
            f"The parameter session is malformed: expected one from /runs, got "
            f"{session[:_SHOWN]!r}."
        )
    return step


def layer_path(query: Query) -> str:
    """The Keras path of a layer. Raises `BadParameterError`."""
    return _required(query, "path")


def tiles(query: Query) -> list[TileOf]:
    """Tiles of one filter: `tile=STEP.SESSION.INPUT.METHOD.FORM.STAGE`, each once or more.

    Raises `BadParameterError`.
    """
    texts = query.getlist("tile")
    if not 1 <= len(texts) <= _MOST_TILES:
        raise BadParameterError(
            f"The parameter tile must be given 1 to {_MOST_TILES} times; it was given "
            f"{len(texts)} times."
        )
    name, layer, channel = run(query), number(query, "layer"), number(query, "channel")
    return [_tile(text, name, layer, channel) for text in texts]


def number(query: Query, name: str) -> int:
    """A whole number that is not negative. Raises `BadParameterError`."""
    text = _required(query, name)
    if not _NUMBER.fullmatch(text):
        raise BadParameterError(
            f"The parameter {name} must be a whole number from 0; got {text[:_SHOWN]!r}."
        )
    return int(text)


def optional_number(query: Query, name: str) -> int:
    """Reads a number as `number` does; 0 if it is not given."""
    return number(query, name) if name in query else 0


def sha256(query: Query, name: str) -> str:
    """64 lower-case hexadecimal digits. Raises `BadParameterError`."""
    text = _required(query, name)
    if not is_fingerprint(text):
        raise BadParameterError(
            f"The parameter {name} must be 64 lower-case hexadecimal digits; got "
            f"{text[:_SHOWN]!r}."
        )
    return text


def statistic(query: Query) -> str:
    """The name of a statistic. Raises `BadParameterError`."""
    text = _required(query, "statistic")
    if not _STATISTIC.fullmatch(text):
        raise BadParameterError(
            f"The parameter statistic is not the name of a statistic: {text[:_SHOWN]!r}."
        )
    return text


def statistic_stage(query: Query) -> StatisticStage:
    """`stage`: before or after (the default). Raises `BadParameterError`."""
    if "stage" not in query:
        return "after"
    text = _required(query, "stage")
    if text not in ("before", "after"):
        raise BadParameterError(
            f"The parameter stage must be before or after; got {text[:_SHOWN]!r}."
        )
    return "before" if text == "before" else "after"


def thresholds(query: Query) -> Thresholds:
    """Thresholds of flags: those given, and defaults. Raises `BadParameterError`."""
    return Thresholds(
        near_silent=_share(query, "near_silent", DEFAULTS.near_silent),
        saturated=_share(query, "saturated", DEFAULTS.saturated),
        profile=_share(query, "profile", DEFAULTS.profile),
        kernel=_share(query, "kernel", DEFAULTS.kernel),
    )


def _share(query: Query, name: str, default: float) -> float:
    """A decimal number from 0 to 1; `default` if it is not given."""
    if name not in query:
        return default
    text = _required(query, name)
    if not _SHARE.fullmatch(text):
        raise BadParameterError(
            f"The parameter {name} must be a number from 0 to 1, such as 0.95; got "
            f"{text[:_SHOWN]!r}."
        )
    return float(text)


def _tile(text: str, name: str, layer: int, channel: int) -> TileOf:
    parts = _TILE.fullmatch(text)
    method = _METHODS.get(parts[4]) if parts else None
    form = _FORMS.get(parts[5]) if parts else None
    stage = _STAGES.get(parts[6]) if parts else None
    if parts is None or method is None or form is None or stage is None:
        raise BadParameterError(
            "The parameter tile must be STEP.SESSION.INPUT.METHOD.FORM.STAGE, with the methods "
            f"{', '.join(_METHODS)}, the forms {', '.join(_FORMS)} and the stages "
            f"{', '.join(_STAGES)}; got {text[:_SHOWN]!r}."
        )
    step = checked_step(StepOf(name, StepKey(int(parts[1]), parts[2])))
    return TileOf(step, layer, channel, int(parts[3]), method, form, stage)


def _required(query: Query, name: str) -> str:
    values = query.getlist(name)
    if len(values) != 1:
        raise BadParameterError(
            f"The parameter {name} must be given once; it was given {len(values)} times."
        )
    return values[0]
