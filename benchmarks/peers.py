"""The engine beside other libraries that compute guided gradients.

Each computes the same thing first: the guided gradient of some filters of a layer. Only where
it equals ours is its time compared with ours.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.networks import NETWORKS, index_of, live_channels
from benchmarks.peer_engines import PEERS
from tensorboard_plugin_convlens.core.records import FloatArray, Target
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.engine.functions import to_frame

ENVIRONMENT = Path(__file__).parents[1] / ".venv-peers"
CHANNELS = 8
TOLERANCE = 1e-4
"""Tolerance as a share of the largest value: the frameworks add up in different orders."""

TASKS: tuple[tuple[str, Target, tuple[str, ...]], ...] = (
    ("vgg16", "sum", tuple(PEERS)),
    ("vgg16", "max", tuple(PEERS)),
    ("mobilenet_v2", "sum", ("tf-keras-vis", "xplique")),
)
"""(network, target, which libraries). Captum's network is built by hand, of VGG16 alone."""


@dataclass(frozen=True)
class Comparison:
    """One library at one layer.

    Attributes:
      peer, network, layer, target: Which, and of what.
      ours: CPU seconds per filter of the engine, in float32, forward pass included.
      difference: The largest from ours, as a share of ours' maximum; NaN without a result.
      correlation: The smallest of all channels with ours; NaN without a result.
      seconds: CPU seconds per filter; NaN where it computes something else.
      failure: Why there is no result, or "".
    """

    peer: str
    network: str
    layer: str
    target: Target
    ours: float
    difference: float = np.nan
    correlation: float = np.nan
    seconds: float = np.nan
    failure: str = ""


def compare(network: str, target: Target, names: tuple[str, ...]) -> Iterator[Comparison]:
    """Every named library at both layers of a network."""
    chosen = NETWORKS[network]
    model, image = chosen.load(), chosen.photograph()
    weights = {
        f"{layer.name}/{index}": value
        for layer in model.layers
        for index, value in enumerate(layer.get_weights())
    }
    for layer in chosen.layers:
        engine = Engine(model, image, layers=[layer], precision="float32")
        index = index_of(engine, layer)
        channels = live_channels(engine.run(image).maps(index), CHANNELS)
        given = {"network": chosen.application, "layer": layer, "target": target}
        task = weights | {key: np.array(value) for key, value in given.items()}
        task |= {"image": image, "channels": np.array(channels)}
        ours, _ = _own(engine, image, index, channels, target)
        for peer in names:
            # Beside each other in time, as others may be at work on the machine.
            _, seconds = _own(engine, image, index, channels, target)
            began = Comparison(peer, network, layer, target, seconds)
            yield _completed(began, task, ours)


def _own(
    engine: Engine, image: FloatArray, layer: int, channels: list[int], target: Target
) -> tuple[FloatArray, float]:
    """Whole frames, and CPU seconds per filter without making them whole."""
    start = time.process_time()
    blocks = list(engine.run(image).gradients(layer, target=target, channels=channels))
    seconds = (time.process_time() - start) / len(channels)
    frames = np.concatenate([to_frame(one, *engine.frame(layer)) for one in blocks])
    return frames, seconds


def _completed(one: Comparison, task: dict[str, FloatArray], ours: FloatArray) -> Comparison:
    """With what the library computed, and how fast, if that is the same."""
    try:
        theirs, seconds = _run(one.peer, task)
    except subprocess.CalledProcessError as error:
        reason = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        return replace(one, failure=reason)
    difference = float(abs(theirs - ours).max() / abs(ours).max())
    correlation = min(
        float(np.corrcoef(mine.ravel(), other.ravel())[0, 1])
        for mine, other in zip(ours, theirs, strict=True)
    )
    found = replace(one, difference=difference, correlation=correlation)
    return replace(found, seconds=seconds) if difference <= TOLERANCE else found


def _run(peer: str, task: dict[str, FloatArray]) -> tuple[FloatArray, float]:
    """Its gradients and CPU seconds per filter, from a process in its environment."""
    with tempfile.TemporaryDirectory() as scratch:
        given, result = Path(scratch, "task.npz"), Path(scratch, "result.npz")
        np.savez(given, **task)  # type: ignore[arg-type]  # Its stub allows no names but its own.
        script = Path(__file__).with_name("peer_engines.py")
        command = [ENVIRONMENT / "bin" / "python", script, peer, given, result]
        subprocess.run(
            [str(part) for part in command],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        found = np.load(result)
        return found["gradients"], float(found["seconds"])
