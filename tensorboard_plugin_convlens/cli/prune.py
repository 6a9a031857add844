"""`convlens prune`: writes a model without the filters that a mask removes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from tensorboard_plugin_convlens.cli.quiet_start import start_tensorflow
from tensorboard_plugin_convlens.cli.terminal import show, show_json
from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.loading.mask_file import read_mask
from tensorboard_plugin_convlens.storage.output_file import output_path

_EPILOG = """\
examples:
  convlens prune model.keras --mask mask.json --output smaller.keras
  convlens prune model.keras --mask mask.npz --output smaller.keras --json

Plain chains of layers and residual networks can be pruned. If a channel cannot be cut out, the
command reports the layer and the reason, and writes nothing. Before it writes the smaller
model, it checks that the model gives the same output as the old one with the removed channels
at zero.
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "prune",
        help="cut the filters that a mask removes out of a saved model",
        description="Writes a smaller model without the filters that a mask removes and "
        "everything that only carries their channels.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="a .keras or .h5 file")
    parser.add_argument(
        "--mask",
        required=True,
        type=Path,
        metavar="FILE",
        help="mask of filters (.json or .npz), as `convlens export mask` writes it",
    )
    parser.add_argument(
        "--output", required=True, type=Path, metavar="FILE", help=".keras file to write"
    )
    parser.add_argument(
        "--json", action="store_true", help="print the result as JSON, for programs"
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Prunes, checks, writes."""
    if arguments.output.suffix != ".keras":
        raise InputError(
            f"A smaller model is written as a .keras file; got {arguments.output.name!r}."
        )
    mask = read_mask(arguments.mask)
    start_tensorflow()  # Here, so that the other commands start without it.
    from tensorboard_plugin_convlens.loading.checkpoints import load_checkpoint
    from tensorboard_plugin_convlens.pruning.prune import mask_filters, prune_filters
    from tensorboard_plugin_convlens.pruning.same_output import largest_difference

    model = load_checkpoint(arguments.model)
    smaller = prune_filters(model, mask)
    difference = largest_difference(smaller, mask_filters(model, mask))
    with output_path(arguments.output) as unfinished:
        smaller.save(unfinished)
    done = {
        "model": str(arguments.model),
        "output": str(arguments.output),
        "removedFilters": mask.removed,
        "parameters": model.count_params(),
        "parametersLeft": smaller.count_params(),
        "largestDifference": difference,
    }
    if arguments.json:
        show_json(json.dumps(done, indent=1))
    else:
        show(*_describe(done))


def _describe(done: dict[str, Any]) -> tuple[str, str]:
    before, after = done["parameters"], done["parametersLeft"]
    return (
        f"{done['output']}: {done['removedFilters']} filters removed, {before:,} parameters "
        f"became {after:,} ({after / before:.1%})",
        "Its output is that of the old model with the removed channels at zero, up to "
        f"{done['largestDifference']:.1e} of the largest output.",
    )
