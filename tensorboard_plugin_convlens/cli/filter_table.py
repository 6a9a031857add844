"""A table of the filters of a captured step for spreadsheets, one row per filter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from tensorboard_plugin_convlens.core.filters.criteria import BY_NAME, values_of_layer
from tensorboard_plugin_convlens.core.filters.flags import Flag, find_flags
from tensorboard_plugin_convlens.core.filters.stages import statistics_at
from tensorboard_plugin_convlens.core.judgments.marks import FilterKey, Mark
from tensorboard_plugin_convlens.core.records import Capture, FloatArray, Layer, LayerCapture

_PLACE = ("run", "step", "layer", "channel")
_UNCHANGED = ("weights_unchanged_since", "unchanged_since")
_MARK = ("verdict", "stars", "tags", "note", "author")
Cell = str | int | float


def filter_table(
    run: str, capture: Capture, layers: tuple[Layer, ...], marks: Iterable[Mark]
) -> list[list[Cell]]:
    """The names of the columns, then a row per filter.

    Args:
      run: Its name.
      capture: The capture of the step.
      layers: The layers of its model graph.
      marks: The current marks of its filters.

    Returns:
      For each filter its place; every criterion over all captured inputs, in the order of
      `core.criteria`, and all other statistics that do not depend on an input; its flags at
      the default thresholds; since which step its layer is unchanged; its mark. A cell
      without a value is empty.
    """
    known = {mark.key: mark for mark in marks}
    values = [_values(one) for one in capture.layers]
    found = {name for each in values for name in each}
    names = [name for name in BY_NAME if name in found]
    names += sorted(found - set(names))
    rows: list[list[Cell]] = [[*_PLACE, *names, "flags", *_UNCHANGED, *_MARK]]
    for record, numbers in zip(capture.layers, values, strict=True):
        layer = layers[record.layer]
        flags: dict[int, list[str]] = {}
        for flag in find_flags(record.statistics):
            flags.setdefault(flag.channel, []).append(_words(flag))
        since = (record.weights_unchanged_since, record.unchanged_since)
        for channel in range(max(map(len, numbers.values()), default=0)):
            mark = known.get(FilterKey(run, layer.path, layer.call, channel))
            rows.append(
                [
                    *(run, capture.step, layer.key, channel),
                    *(_number(numbers, name, channel) for name in names),
                    "; ".join(flags.get(channel, ())),
                    *("" if step is None else step for step in since),
                    *_cells(mark),
                ]
            )
    return rows


def _values(record: LayerCapture) -> Mapping[str, FloatArray]:
    """The numbers of a layer's filters, by name, without the random order."""
    criteria = values_of_layer(record.statistics)
    criteria.pop("random", None)
    of_all = (one for one in statistics_at(record.statistics) if one.input is None)
    return {one.name: one.values for one in of_all} | criteria


def _number(numbers: Mapping[str, FloatArray], name: str, channel: int) -> Cell:
    values = numbers.get(name)
    value = float(values[channel]) if values is not None and channel < len(values) else math.nan
    return "" if math.isnan(value) else value


def _words(flag: Flag) -> str:
    """A flag in words, with the number of inputs that it covers."""
    if flag.kind == "silent":
        return f"silent on {flag.evidence['inputs']:.0f} inputs"
    if flag.kind == "duplicate":
        return f"duplicate of {flag.other}"
    return {"near_silent": "near-silent", "not_finite": "not finite"}.get(flag.kind, flag.kind)


def _cells(mark: Mark | None) -> list[Cell]:
    if mark is None:
        return ["", "", "", "", ""]
    said = mark.opinion
    return [said.verdict or "", said.stars or "", ",".join(said.tags), said.note, mark.author]
