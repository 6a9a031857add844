"""`convlens ablate`: measures a model without the filters marked useless."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from tensorboard_plugin_convlens.cli import chosen_run, interruption, verdict_source
from tensorboard_plugin_convlens.cli.quiet_start import start_tensorflow
from tensorboard_plugin_convlens.cli.terminal import show, show_json
from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.judgments.ablation import (
    FILLS,
    MARKED,
    RANDOM,
    Ablation,
    Choice,
)

_EPILOG = """\
examples:
  convlens ablate model.keras --verdicts marks.csv --data test.npz
  convlens ablate model.keras --data test.npz --logdir logs --run train
  convlens ablate model.keras --layers conv3 --data photos --preprocess vgg16 --json

Removes the filters that are marked useless: first sets their channels to zero, then to their
mean over the data. Then removes the same number of filters from the same layers, several times
at random and once by each criterion of the captured step. For the random filters it prints the
mean, the standard deviation (±) and how many choices cost more than yours. With --logdir it
takes the marks made in the tab, and the tab shows the result.
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "ablate",
        help="test verdicts: measure a model without the filters marked useless",
        description="Measures what a model loses without the filters marked useless, compared "
        "with random filters and with filters that criteria choose.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL", help="a .keras or .h5 file")
    verdict_source.add_options(add)
    add(
        "--data",
        required=True,
        type=Path,
        metavar="DATA",
        help=".npz file with x and y, or a directory with one subdirectory per class",
    )
    add(
        "--preprocess",
        default="raw",
        metavar="HOW",
        help="preprocessing of pictures, as for capture",
    )
    add(
        "--most",
        type=int,
        default=1000,
        metavar="N",
        help="number of inputs to use (default: 1000)",
    )
    add(
        "--logdir",
        metavar="LOGS",
        help="log directory to read criteria from and to write the result to",
    )
    add("--run", help=chosen_run.HELP)
    add("--step", type=int, help="captured step to take criteria from (default: the last)")
    add(
        "--layers",
        nargs="+",
        default=[],
        metavar="LAYER",
        help="layers whose filters are also removed one by one",
    )
    add(
        "--repeats",
        type=int,
        default=10,
        metavar="N",
        help="number of random choices (default: 10)",
    )
    add("--seed", type=int, default=0, help="seed of the random choices (default: 0)")
    add("--json", action="store_true", help="print JSON, for programs")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Measures; progress goes to stderr, the result to stdout."""
    if arguments.most < 1:
        raise InputError(f"--most must be at least 1; got {arguments.most}.")
    result = _measure(arguments)
    if arguments.json:
        show_json(json.dumps(to_json(result), indent=1))
    else:
        show(*describe(result))


def _measure(arguments: argparse.Namespace) -> Ablation:
    useless = verdict_source.useless_of(arguments)
    start_tensorflow()  # Here, so that the other commands start without it.
    from tensorboard_plugin_convlens.ablating.ablate import ablate
    from tensorboard_plugin_convlens.loading.checkpoints import load_checkpoint
    from tensorboard_plugin_convlens.loading.labeled_data import read_labeled_data

    run_name = "."
    if arguments.logdir is not None:
        run_name = chosen_run.chosen_run(arguments.logdir, arguments.run)
    model = load_checkpoint(arguments.model)
    how, most = arguments.preprocess, arguments.most
    data = read_labeled_data(arguments.data, model, how=how, most=most)
    for skipped in data.skipped:
        show(f"left out {skipped.what}: {skipped.reason}", file=sys.stderr)
    for note in data.notes:
        show(f"{note.what}: {note.reason}", file=sys.stderr)
    with tqdm(unit="evaluation", file=sys.stderr) as bar:

        def advance(what: str, total: int) -> None:
            interruption.check()
            bar.total = total
            bar.update()

        return ablate(
            model,
            data.x,
            data.y,
            useless,
            log_dir=arguments.logdir,
            run=run_name,
            step=arguments.step,
            layers=arguments.layers,
            repeats=arguments.repeats,
            seed=arguments.seed,
            name=arguments.model.name,
            progress=advance,
        )


def describe(result: Ablation) -> list[str]:
    """A line per choice: its cost, compared with the whole model."""
    shown = [
        f"{name} {value:.4g}"
        for name, value in zip(result.metrics, result.baseline, strict=True)
    ]
    lines = [f"{result.model}: {', '.join(shown)} on {result.samples} inputs"]
    for choice in result.choices:
        count = sum(len(channels) for channels in choice.filters.values())
        noun = "filter" if count == 1 else "filters"
        lines.append(f"  {count} {noun}, {choice.name}, {choice.fill}: {_cost(result, choice)}")
    lines += [f"  {sentence}" for sentence in _against_chance(result)]
    for layer in result.layers:
        loss = np.asarray(layer.values)[:, 0] - result.baseline[0]
        least, most = int(loss.argmin()), int(loss.argmax())
        lines.append(
            f"  {layer.layer}, one by one: loss from {loss[least]:+.4g} without #{least} to "
            f"{loss[most]:+.4g} without #{most}"
        )
    return lines


def _against_chance(result: Ablation) -> Iterator[str]:
    """How many random choices cost more loss than the marked filters, for each fill."""
    found = {(one.name, one.fill): np.asarray(one.trials)[:, 0] for one in result.choices}
    for fill in FILLS:
        marked, random = found.get((MARKED, fill)), found.get((RANDOM, fill))
        if marked is not None and random is not None:
            more = int((random > marked[0]).sum())
            yield f"{more} of {len(random)} random choices cost more loss than yours, {fill}"


def _cost(result: Ablation, choice: Choice) -> str:
    """Change of each metric; of several trials the mean and the standard deviation."""
    change = np.asarray(choice.trials) - np.asarray(result.baseline)
    texts = []
    for name, values in zip(result.metrics, change.T, strict=True):
        spread = f" ± {values.std(ddof=1):.2g}" if len(values) > 1 else ""
        texts.append(f"{name} {values.mean():+.4g}{spread}")
    return ", ".join(texts)


def to_json(result: Ablation) -> dict[str, Any]:
    """The result for programs; values that are not finite are null."""

    def numbers(values: tuple[float, ...]) -> list[float | None]:
        return [value if np.isfinite(value) else None for value in values]

    return {
        "model": result.model,
        "step": result.step,
        "samples": result.samples,
        "seed": result.seed,
        "metrics": list(result.metrics),
        "baseline": numbers(result.baseline),
        "choices": [
            {
                "name": one.name,
                "fill": one.fill,
                "filters": {key: list(some) for key, some in one.filters.items()},
                "trials": [numbers(trial) for trial in one.trials],
            }
            for one in result.choices
        ],
        "layers": {one.layer: [numbers(each) for each in one.values] for one in result.layers},
    }
