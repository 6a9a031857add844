"""`convlens inspect`: lists the captures of a log directory."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from tensorboard_plugin_convlens.cli.terminal import show, show_json
from tensorboard_plugin_convlens.core.errors import ConvLensError, NotCapturedError
from tensorboard_plugin_convlens.core.filters.change import ACTIVATION_CHANGE, KERNEL_CHANGE
from tensorboard_plugin_convlens.core.filters.stages import statistics_at
from tensorboard_plugin_convlens.core.records import Capture, LayerCapture
from tensorboard_plugin_convlens.storage.reading.reader import Reader

_EPILOG = """\
examples:
  convlens inspect logs
  convlens inspect logs --json | jq '.runs[].steps[].step'
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "inspect",
        help="list the runs, steps and layers of a log directory",
        description="Lists runs, steps, layers and sizes of the captures in a log directory.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("logdir", metavar="LOGDIR", help="log directory to list")
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Prints the captures of a log directory."""
    reader = Reader(arguments.logdir)
    runs = [_describe_run(reader, name) for name in reader.runs()]
    if arguments.json:
        show_json(json.dumps({"runs": runs}, indent=1))
        return
    if not runs:
        raise NotCapturedError(
            f"{arguments.logdir!r} has no ConvLens captures. Add ConvLensCallback to "
            "model.fit, or run: convlens capture --help"
        )
    for one in runs:
        show(*_as_text(one))


def _describe_run(reader: Reader, run_name: str) -> dict[str, Any]:
    steps, faults = [], []
    counted: set[tuple[str, int]] = set()
    for step in reader.steps(run_name):
        try:
            capture = reader.capture(run_name, step)
            described = _describe_step(reader, run_name, capture)
            steps.append(described | {"bytes": _new_bytes(capture, counted)})
        except ConvLensError as error:
            faults.append(f"step {step}: {error}")
    return {"run": run_name, "steps": steps, "faults": [*faults, *reader.problems(run_name)]}


def _describe_step(reader: Reader, run_name: str, capture: Capture) -> dict[str, Any]:
    graph = reader.model_graph(run_name, capture.step)
    return {
        "step": capture.step,
        "wallTime": capture.wall_time,
        "session": capture.session,
        "model": graph.name,
        "inputs": [image.label for image in reader.inputs(run_name, capture.step).inputs],
        "seconds": capture.seconds,
        "skipped": [{"what": one.what, "reason": one.reason} for one in capture.skipped],
        "layers": [
            {
                "layer": graph.layer(layer.layer).key,
                "filters": max((sheet.channels for sheet in layer.sheets), default=0),
                "methods": list(dict.fromkeys(sheet.method for sheet in layer.sheets)),
                "guided": None if layer.guidance is None else layer.guidance.guided,
                "rectifiers": None if layer.guidance is None else layer.guidance.rectifiers,
                "unchangedSince": layer.unchanged_since,
                "weightsUnchangedSince": layer.weights_unchanged_since,
                "kernelChange": _per_filter(layer, KERNEL_CHANGE),
                "activationChange": _per_filter(layer, ACTIVATION_CHANGE),
            }
            for layer in capture.layers
        ],
    }


def _new_bytes(capture: Capture, counted: set[tuple[str, int]]) -> int:
    """Stored bytes of a step; a sheet that an earlier step stored is not counted again."""
    sheets = {
        (sheet.pack, sheet.offset): sheet.length
        for layer in capture.layers
        for sheet in layer.sheets
    }
    new = set(sheets) - counted
    counted |= new
    return sum(sheets[place] for place in new)


def _per_filter(layer: LayerCapture, name: str) -> list[float | None] | None:
    """A statistic of every filter; None where it was not captured, or is not defined."""
    for one in statistics_at(layer.statistics):
        if one.name == name:
            return [float(value) if math.isfinite(value) else None for value in one.values]
    return None


def _as_text(run_description: dict[str, Any]) -> list[str]:
    steps = run_description["steps"]
    size = sum(step["bytes"] for step in steps) / 1e6
    lines = [f"{run_description['run']}: {len(steps)} steps, {size:.1f} MB"]
    if steps:
        last = steps[-1]
        lines.append(f"  steps   {', '.join(str(step['step']) for step in steps)}")
        lines.append(f"  model   {last['model']}")
        lines.append(f"  inputs  {', '.join(last['inputs'])}")
        lines.append(f"  at step {last['step']}:")
        lines += [_layer_line(layer) for layer in last["layers"]]
        lines += [f"  left out {one['what']}: {one['reason']}" for one in last["skipped"]]
    lines += [f"  fault   {fault}" for fault in run_description["faults"]]
    return lines


def _layer_line(layer: dict[str, Any]) -> str:
    guided = (
        ""
        if layer["guided"] is None
        else f", guided {layer['guided']} of {layer['rectifiers']} rectifiers"
    )
    since = layer["unchangedSince"]
    unchanged = "" if since is None else f", unchanged since step {since}"
    return (
        f"    {layer['layer']:<32} {layer['filters']:>5} filters  "
        f"{', '.join(layer['methods'])}{guided}{unchanged}"
    )
