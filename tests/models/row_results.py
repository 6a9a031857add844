"""What the engine computes of a row of `docs/model_support.md`, here or in another process.

TensorFlow chooses the code of its convolutions when it is imported. So the engine is tried
with oneDNN and without it in two processes: the tests' own, and `OtherKernels`.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tensorboard_plugin_convlens.core.records import Target
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.engine.functions import to_frame
from tests.models.model_rows import Row
from tests.models.unusual_rows import ALL_ROWS

SWITCH = "TF_ENABLE_ONEDNN_OPTS"
TARGETS: tuple[Target, ...] = ("max", "sum")


class Gradient(NamedTuple):
    """A guided gradient of one channel: at which input, and `[height, width, channel]`."""

    target: Target
    channel: int
    source: int
    frame: Any


@dataclass
class LayerResults:
    """What was computed of one convolution.

    Attributes:
      position: Among the convolutions of the model.
      maps: `[channel, height, width]`.
      gradients: Of its strongest channels.
    """

    position: int
    maps: Any
    gradients: list[Gradient] = field(default_factory=list)


@dataclass
class RowResults:
    """What was computed of one row.

    Attributes:
      layers: The first, the middle and the last convolution.
      is_compiled: Whether TensorFlow had to compile the model by XLA.
    """

    layers: list[LayerResults]
    is_compiled: bool


def row_results(row: Row, engine: Engine) -> RowResults:
    """Runs the image of a row through its model, and goes back."""
    forward = engine.run(row.inputs())
    found = []
    count = len(engine.convolutions)
    for position in sorted({0, count // 2, count - 1}):
        layer = engine.convolutions[position]
        results = LayerResults(position, forward.maps(layer))
        for target in TARGETS:
            channels = _strongest_channels(results.maps, row.channels)
            for block in forward.gradients(layer, target=target, channels=channels):
                frames = to_frame(block, *engine.frame(layer))
                results.gradients += [
                    Gradient(target, channel, block.source, frame)
                    for channel, frame in zip(block.channels, frames, strict=True)
                ]
        found.append(results)
    return RowResults(found, engine._run.is_compiled)


def _strongest_channels(maps: Any, count: int) -> list[int]:
    return sorted(int(one) for one in np.argsort(-maps.max(axis=(1, 2)))[:count])


class OtherKernels:
    """A process in which TensorFlow uses oneDNN where this one does not, or the reverse."""

    def __init__(self, directory: Path) -> None:
        other = "0" if os.environ[SWITCH] == "1" else "1"
        environment = os.environ | {SWITCH: other, "PYTHONPATH": os.getcwd()}
        self._answer = directory / "results.pickle"
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(self._answer)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, row: Row) -> None:
        """Has a row computed beside this process."""
        assert self._process.stdin
        print(ALL_ROWS.index(row), file=self._process.stdin, flush=True)

    def answer(self) -> RowResults:
        """What was asked for."""
        assert self._process.stdout
        told = self._process.stdout.readline()
        assert told == "done\n", f"the process with the other kernels ended: {told}"
        results: RowResults = pickle.loads(self._answer.read_bytes())
        return results

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


def _serve(answer: Path) -> None:
    """Answers on the real standard output; whatever else writes there goes to the errors."""
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        row = ALL_ROWS[int(line)]
        results = row_results(row, Engine(row.model(), row.inputs(), precision="float32"))
        answer.write_bytes(pickle.dumps(results))
        print("done", file=told, flush=True)


if __name__ == "__main__":
    from tests.models.row_results import _serve as serve  # Pickled under its own name.

    serve(Path(sys.argv[1]))
