"""`convlens capture`: saved models and photographs to captures."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from tensorboard_plugin_convlens.cli.quiet_start import start_tensorflow
from tensorboard_plugin_convlens.core.errors import InputError

if TYPE_CHECKING:
    from tensorboard_plugin_convlens.storage.recording import Recording

_EPILOG = """\
examples:
  convlens capture model.keras --images photos --logdir logs --preprocess unit
  convlens capture 'run1/epoch-*.keras' --images photos --logdir logs --run run1
  convlens capture vgg16.keras --images cat.png --logdir logs --layers 'block3_*'
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "capture",
        help="capture the filters of saved models for some photographs",
        description="Captures every filter of saved Keras models for some photographs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "model",
        nargs="+",
        metavar="MODEL",
        help="a .keras or .h5 file, or a pattern for a series of checkpoints",
    )
    parser.add_argument(
        "--images",
        required=True,
        type=Path,
        metavar="DIR",
        help="directory of pictures, or one",
    )
    parser.add_argument(
        "--logdir", required=True, metavar="LOGS", help="log directory to write"
    )
    parser.add_argument(
        "--run", default=".", help="name of the run (default: the log directory)"
    )
    parser.add_argument(
        "--step",
        type=int,
        help="step to capture one model as (default: from the file name, else 0)",
    )
    parser.add_argument(
        "--layers", nargs="+", metavar="LAYER", help="layers or patterns (default: all)"
    )
    parser.add_argument(
        "--methods",
        nargs="+",
        metavar="METHOD",
        default=["activation", "guided", "kernel"],
        choices=["activation", "guided", "gradient", "kernel"],
        help="activation, guided, gradient, kernel (default: activation guided kernel)",
    )
    parser.add_argument(
        "--target",
        choices=["max", "sum"],
        default="max",
        help="differentiate the strongest unit of a map, or its sum (default: max)",
    )
    parser.add_argument(
        "--preprocess",
        default="raw",
        metavar="HOW",
        help="raw: pixels 0…255 (default), unit: 0…1, caffe, tf, torch, or a module of "
        "keras.applications such as vgg16",
    )
    parser.add_argument(
        "--color-order",
        choices=["rgb", "bgr"],
        help="order of the color channels that the model takes (default: as --preprocess makes "
        "it)",
    )
    parser.add_argument(
        "--class-names",
        type=Path,
        metavar="FILE",
        help="text file with the name of one class a line, in the order of the model's output",
    )
    parser.add_argument(
        "--most", type=int, default=8, metavar="N", help="pictures to take (default: 8)"
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Captures every model; progress goes to stderr, a line per step to stdout."""
    start_tensorflow()  # Here, so that the other commands start without it.
    from tensorboard_plugin_convlens.capture.checkpoints import (
        find_checkpoints,
        load_checkpoint,
    )
    from tensorboard_plugin_convlens.capture.options import build_options, build_pictures
    from tensorboard_plugin_convlens.capture.photographs import (
        color_order_of,
        preprocess,
        read_photographs,
    )
    from tensorboard_plugin_convlens.capture.session import Session
    from tensorboard_plugin_convlens.storage.writer import Writer

    options = build_options(arguments.layers, arguments.methods, arguments.target)
    class_names = read_class_names(arguments.class_names)
    color_order = arguments.color_order or color_order_of(arguments.preprocess)
    checkpoints = find_checkpoints(arguments.model, arguments.step)
    writer = None
    for checkpoint in checkpoints:
        model = load_checkpoint(checkpoint.path)
        photographs = read_photographs(arguments.images, model, most=arguments.most)
        inputs = preprocess(photographs.pixels, arguments.preprocess)
        pictures = build_pictures(
            inputs,
            labels=photographs.labels,
            class_names=class_names,
            display=photographs.pixels,
            color_order=color_order,
        )
        if writer is None:
            writer = Writer(arguments.logdir, run=arguments.run)
            for skipped in photographs.skipped:
                print(f"left out {skipped.what}: {skipped.reason}", file=sys.stderr)
        session = Session(model, inputs, pictures, writer, options)
        with FilterProgress(session.filters, checkpoint.path.name) as progress:
            recording = session.capture(checkpoint.step, progress=progress)
        print(describe(checkpoint.path.name, recording))
    print(f"See it with: tensorboard --logdir {arguments.logdir}")


def read_class_names(file: Path | None) -> tuple[str, ...]:
    """The lines of a file, without the white space around them; nothing without a file.

    Raises:
      InputError: It cannot be read as text in UTF-8, or a line but the last is empty.
    """
    if file is None:
        return ()
    try:
        names = tuple(line.strip() for line in file.read_text("utf-8").rstrip().splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"The class names in {str(file)!r} cannot be read: {error}."
        ) from error
    if not names or "" in names:
        line = names.index("") + 1 if names else 1
        raise InputError(
            f"Expected the name of a class in every line of {str(file)!r}; "
            f"line {line} is empty."
        )
    return names


class FilterProgress:
    """A progress bar over filters, on stderr, as a context and as a `Progress`."""

    def __init__(self, total: int, name: str) -> None:
        """Takes the number of filters (times input images) and what is captured."""
        self._bar = tqdm(total=total, desc=name, unit="filter", file=sys.stderr)

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *fault: object) -> None:
        """Ends the bar."""
        self._bar.close()

    def __call__(self, layer: str, filters: int) -> None:
        """Notes that a layer is done."""
        self._bar.set_postfix_str(layer, refresh=False)
        self._bar.update(filters)


def describe(name: str, recording: Recording) -> str:
    """A sentence about a capture: what was done, and what was not."""
    captured = recording.capture
    if captured is None:
        return f"{name}: step {recording.step} was not captured"
    done = sum(
        max((sheet.channels for sheet in one.sheets), default=0) for one in captured.layers
    )
    text = (
        f"{name}: step {captured.step}, {len(captured.layers)} layers, {done} filters, "
        f"{len(captured.predictions)} input images in {captured.seconds:.1f} s"
    )
    for skipped in captured.skipped:
        text += f"\n  left out {skipped.what}: {skipped.reason}"
    return text
