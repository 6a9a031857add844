"""`convlens capture`: captures saved models on photographs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tqdm import tqdm

from tensorboard_plugin_convlens.cli import interruption
from tensorboard_plugin_convlens.cli.quiet_start import start_tensorflow
from tensorboard_plugin_convlens.cli.terminal import plain, show
from tensorboard_plugin_convlens.core.errors import IncompleteError, InputError

if TYPE_CHECKING:
    from tensorboard_plugin_convlens.core.records import Capture
    from tensorboard_plugin_convlens.recording.series_request import Outcome, Request

_EPILOG = """\
examples:
  convlens capture model.keras --images photos --logdir logs --preprocess unit
  convlens capture 'run1/epoch-*.keras' --images photos --logdir logs --run run1
  convlens capture 'ckpt/*.weights.h5' --model m.keras --images photos --logdir logs --jobs 2
  convlens capture vgg16.keras --images cat.png --logdir logs --layers 'block3_*'

The step of a model is the number beside epoch (ep, e) in its file name; if there is none, the
number beside step (iteration, iter, it, update); then beside checkpoint (ckpt, cp); then the
first number in weights.03-0.21. So acc-0.87-epoch-04.keras is step 4. If the names of a series
have none of these, the step is the whole number that differs between them. A single model
without any of them is step 0.

Pictures are converted to 8 bits: whole numbers by the range of their type, floating point by
the range of the picture. A message tells you when the range is smaller than that of the type,
such as 12 bits in 16. Transparent parts become white. Every page of a TIFF is a picture. Only
the first frame of an animation is used.

Captures that exist with the same weights, inputs and options are not made again, so an
interrupted series continues where it stopped.

TensorFlow can compute convolutions with oneDNN or without it. The first capture on a machine
measures which is faster, which takes some seconds, and saves the result in
~/.cache/convlens/onednn.json for all commands. TF_ENABLE_ONEDNN_OPTS=0 or 1 overrides it.

exit status: 0 all models were captured; 1 no model was captured, for the given reason; 2 wrong
usage; 3 some models could not be captured, all others were; 130 interrupted; 141 the program
that reads the output has ended.
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "capture",
        help="capture the filters of saved models on photographs",
        description="Captures every filter of saved Keras models on photographs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "models",
        nargs="+",
        metavar="MODEL",
        help="a .keras, .h5 or .hdf5 file, or a pattern for a series of checkpoints",
    )
    parser.add_argument(
        "--model",
        type=Path,
        metavar="FILE",
        help="model that weights files (.h5 of Keras 2 or 3) belong to: a saved model, or a "
        ".json file with the result of model.to_json()",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=1,
        metavar="N",
        help="processes that capture a series, each with its own TensorFlow (default: 1)",
    )
    parser.add_argument(
        "--images",
        required=True,
        type=Path,
        metavar="DIR",
        help="a picture, a directory of pictures, or one with a subdirectory per class",
    )
    parser.add_argument(
        "--logdir", required=True, metavar="LOGS", help="log directory to write to"
    )
    parser.add_argument(
        "--run", default=".", help="name of the run (default: the log directory itself)"
    )
    parser.add_argument(
        "--step",
        type=int,
        help="step of a single model (default: from the file name, see below)",
    )
    parser.add_argument(
        "--layers",
        nargs="+",
        metavar="LAYER",
        help="layers or patterns to capture (default: all)",
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
        help="order of the color channels of the model's input (default: the order that "
        "--preprocess produces)",
    )
    parser.add_argument(
        "--class-names",
        type=Path,
        metavar="FILE",
        help="text file with one class name per line, in the order of the model's output",
    )
    parser.add_argument(
        "--most",
        type=int,
        default=8,
        metavar="N",
        help="number of pictures to use (default: 8)",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Captures every model; progress goes to stderr, a line per step to stdout."""
    start_tensorflow(measure=True)  # Here, so that the other commands start without it.
    from tensorboard_plugin_convlens.storage.writing.writer import Writer

    request = _request(arguments, Writer(arguments.logdir, run=arguments.run).session)
    outcomes: list[Outcome] = []
    with tqdm(total=len(request.checkpoints), unit="model", disable=None) as bar:
        for outcome in _outcomes(request, arguments.jobs):
            interruption.check()
            bar.update()
            _tell(outcome, is_first=not outcomes)
            outcomes.append(outcome)
    failed = [one for one in outcomes if one.what == "failed"]
    if len(failed) == len(outcomes):
        assert failed[0].fault is not None, "a failed outcome has one"
        raise failed[0].fault
    show(f"See it with: tensorboard --logdir {arguments.logdir}")
    if failed:
        raise IncompleteError(
            f"{len(failed)} of {len(outcomes)} models could not be captured "
            f"({', '.join(one.checkpoint.path.name for one in failed)}); the others were."
        )


def _request(arguments: argparse.Namespace, session: str) -> Request:
    """The arguments as the capture room takes them."""
    from tensorboard_plugin_convlens.loading.checkpoints import find_checkpoints
    from tensorboard_plugin_convlens.loading.photographs import color_order_of
    from tensorboard_plugin_convlens.recording.options import build_options
    from tensorboard_plugin_convlens.recording.series_request import Request

    if arguments.jobs < 1:
        raise InputError(f"--jobs must be at least 1; got {arguments.jobs}.")
    return Request(
        checkpoints=tuple(find_checkpoints(arguments.models, arguments.step)),
        architecture=arguments.model,
        images=arguments.images,
        most=arguments.most,
        preprocessing=arguments.preprocess,
        class_names=read_class_names(arguments.class_names),
        color_order=arguments.color_order or color_order_of(arguments.preprocess),
        options=build_options(arguments.layers, arguments.methods, arguments.target),
        log_dir=arguments.logdir,
        run=arguments.run,
        session=session,
    )


def _outcomes(request: Request, jobs: int) -> Iterator[Outcome]:
    """The outcome of each model, in the order of the steps."""
    from tensorboard_plugin_convlens.recording.series import Series
    from tensorboard_plugin_convlens.workers.local_pool import capture_in_processes

    if jobs > 1 and len(request.checkpoints) > 1:
        yield from capture_in_processes(request, min(jobs, len(request.checkpoints)))
        return
    series = Series(request)
    for index in range(len(request.checkpoints)):
        with FilterProgress() as progress:
            yield series.capture(index, progress.begin)


def _tell(outcome: Outcome, *, is_first: bool) -> None:
    """A line about a model, above the progress bar."""
    name = outcome.checkpoint.path.name
    if is_first:
        for skipped in outcome.skipped:
            show(f"left out {skipped.what}: {skipped.reason}", file=sys.stderr)
        for note in outcome.notes:
            show(f"{note.what}: {note.reason}", file=sys.stderr)
    if outcome.what == "failed":
        tqdm.write(plain(f"{name}: left out: {outcome.fault}"), file=sys.stderr)
    elif outcome.what == "there":
        tqdm.write(
            plain(
                f"{name}: step {outcome.checkpoint.step} is captured already, with the same "
                "weights, inputs and options"
            )
        )
    else:
        for line in describe(name, outcome.capture, outcome.checkpoint.step):
            tqdm.write(plain(line))


def read_class_names(file: Path | None) -> tuple[str, ...]:
    """The lines of a file, without the white space around them; nothing without a file.

    Raises:
      InputError: It cannot be read as text in UTF-8, or a line other than the last is empty.
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

    def __init__(self, total: int = 0, name: str = "") -> None:
        """Takes the number of filters (times input images) and what is captured."""
        self._bar = tqdm(total=total, desc=plain(name), unit="filter", disable=not total)

    def begin(self, total: int, name: str) -> Self:
        """Begins again, with numbers that were unknown before; returns itself."""
        self._bar.close()
        self._bar = tqdm(total=total, desc=plain(name), unit="filter")
        return self

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *fault: object) -> None:
        """Ends the bar."""
        self._bar.close()

    def __call__(self, layer: str, filters: int) -> None:
        """Notes that a layer is done."""
        interruption.check()
        self._bar.set_postfix_str(plain(layer), refresh=False)
        self._bar.update(filters)


def describe(name: str, captured: Capture | None, step: int) -> list[str]:
    """Lines about a capture: its parts, and those that were skipped."""
    if captured is None:
        return [f"{name}: step {step} was not captured"]
    done = sum(
        max((sheet.channels for sheet in one.sheets), default=0) for one in captured.layers
    )
    return [
        f"{name}: step {captured.step}, {len(captured.layers)} layers, {done} filters, "
        f"{len(captured.predictions)} input images in {captured.seconds:.1f} s",
        *(f"  left out {skipped.what}: {skipped.reason}" for skipped in captured.skipped),
    ]
