"""The engine beside other libraries that compute guided gradients.

Each computes the same thing first: the guided gradient of the sum of some feature maps of
VGG16. Only where it equals ours is it timed.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.networks import NETWORKS, index_of, live_channels
from benchmarks.peer_engines import PEERS
from tensorboard_plugin_convlens.capture.engine import Engine
from tensorboard_plugin_convlens.core.records import FloatArray

ENVIRONMENT = Path(__file__).parents[1] / ".venv-peers"
CHANNELS = 16
TOLERANCE = 1e-4
"""Of the largest value: three frameworks add up in different orders."""


@dataclass(frozen=True)
class Comparison:
    """One library at one layer.

    Attributes:
      peer, layer: Which.
      difference: The largest from ours, as a share of ours' maximum; NaN without a result.
      correlation: The smallest of all channels with ours; NaN without a result.
      seconds: CPU seconds per filter; NaN where it was not timed.
      ours: Of the engine, in float32, forward pass included.
      failure: Why there is no result, or "".
    """

    peer: str
    layer: str
    difference: float
    correlation: float
    seconds: float
    ours: float
    failure: str


def compare(layer: str) -> list[Comparison]:
    """Every peer at a layer of VGG16."""
    network = NETWORKS["vgg16"]
    model, image = network.load(), network.photograph()
    engine = Engine(model, image, layers=[layer], precision="float32")
    index = index_of(engine, layer)
    channels = live_channels(engine.run(image).maps(index), CHANNELS)
    task = {
        f"{one.name}/{name}": value
        for one in model.layers
        for name, value in zip(("kernel", "bias"), one.get_weights(), strict=False)
    } | {"image": image, "layer": np.array(layer), "channels": np.array(channels)}
    ours, _ = _own(engine, image, index, channels)
    found = []
    for peer in PEERS:
        # Beside each other in time, as others may be at work on the machine.
        _, seconds = _own(engine, image, index, channels)
        found.append(_one(peer, layer, task, ours, seconds))
    return found


def _own(
    engine: Engine, image: FloatArray, layer: int, channels: list[int]
) -> tuple[FloatArray, float]:
    start = time.process_time()
    blocks = engine.run(image).gradients(layer, target="sum", channels=channels)
    values = np.concatenate([one.values for one in blocks])
    return values, (time.process_time() - start) / len(channels)


def _one(
    peer: str, layer: str, task: dict[str, FloatArray], ours: FloatArray, own_seconds: float
) -> Comparison:
    nan = float("nan")
    try:
        theirs, _ = _run(peer, task, timed=False)
        difference = float(abs(theirs - ours).max() / abs(ours).max())
        correlation = min(
            float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
            for one, other in zip(theirs, ours, strict=True)
        )
        if difference > TOLERANCE:
            return Comparison(peer, layer, difference, correlation, nan, own_seconds, "")
        _, seconds = _run(peer, task, timed=True)
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        return Comparison(peer, layer, nan, nan, nan, own_seconds, reason)
    return Comparison(peer, layer, difference, correlation, seconds, own_seconds, "")


def _run(peer: str, task: dict[str, FloatArray], *, timed: bool) -> tuple[FloatArray, float]:
    """Its gradients and CPU seconds per filter, from a process in its environment."""
    with tempfile.TemporaryDirectory() as scratch:
        given, result = Path(scratch, "task.npz"), Path(scratch, "result.npz")
        np.savez(given, timed=np.array(timed), **task)  # type: ignore[arg-type]
        script = Path(__file__).with_name("peer_engines.py")
        command = [ENVIRONMENT / "bin" / "python", script, peer, given, result]
        subprocess.run(
            [str(one) for one in command],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        found = np.load(result)
        return found["gradients"], float(found["seconds"])
