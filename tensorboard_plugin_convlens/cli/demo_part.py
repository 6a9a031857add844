"""One part of the demo, as a process: `python -m …cli.demo_part PART LOGDIR …`."""

from __future__ import annotations

import os
import sys
import types

from tensorboard_plugin_convlens.cli.demo_processes import end_with_parent
from tensorboard_plugin_convlens.cli.quiet_start import start_tensorflow
from tensorboard_plugin_convlens.core.errors import ConvLensError


def main(part: str, log_dir: str, *options: str) -> int:
    """Does a part of the demo; returns its exit status.

    Args:
      part: `digits`, `vgg16` or `serve`.
      log_dir: Where captures go, or are.
      options: The number of epochs of `digits`, the port of `serve`.
    """
    end_with_parent()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if part == "serve":
        return _serve(log_dir, *options)
    try:
        start_tensorflow()
        if part == "digits":
            from tensorboard_plugin_convlens.cli.demo_digits import train_on_digits

            train_on_digits(log_dir, epochs=int(options[0]))
        else:
            from tensorboard_plugin_convlens.cli.demo_vgg16 import capture_vgg16

            os.nice(5)  # Whoever looks at the tab meanwhile comes first.
            capture_vgg16(log_dir)
    except ConvLensError as error:
        print(f"convlens: {error}", file=sys.stderr)
        return 1
    return 0


def _serve(log_dir: str, port: str) -> int:
    # TensorBoard's own word for "without TensorFlow", which it needs for remote logs only: it
    # starts in a fifth of the time, and leaves the processors to the training.
    sys.modules["tensorboard.compat.notf"] = types.ModuleType("notf")
    from tensorboard import main as tensorboard_main

    sys.argv = ["tensorboard", "--logdir", log_dir, "--port", port]
    tensorboard_main.run_main()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
