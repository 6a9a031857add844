"""One measurement of the engine in a process of its own: prints a line of JSON.

python -m benchmarks.engine_measurement all vgg16 float32
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import keras
import numpy as np

from benchmarks.engine_figures import Figures
from benchmarks.machine_speed import convolution_speed, dense_work
from benchmarks.networks import NETWORKS, index_of, live_channels
from tensorboard_plugin_convlens.core.records import Target
from tensorboard_plugin_convlens.engine.engine import Engine
from tensorboard_plugin_convlens.engine.precision import Precision, bfloat16_is_worthwhile


def all_filters(network: str, precision: str) -> Figures:
    """Every filter of one image, its strongest unit, as a capture takes them."""
    engine, image = _engine(network, precision)
    forward = engine.run(image)
    speed = convolution_speed(precision)
    seconds = windows = inside = filters = live = cropped = 0.0
    for layer in engine.convolutions:
        start = time.process_time()
        for block in forward.gradients(layer):
            seconds += time.process_time() - start
            if engine._plan.routes[layer].is_dense:
                work = dense_work(engine._plan.routes[layer], [block])
                windows, inside = windows + work.windows, inside + work.inside
            filters += len(block.channels)
            live += int(block.values.any(axis=(1, 2, 3)).sum())
            cropped += len(block.channels) if block.cropped else 0
            start = time.process_time()
        seconds += time.process_time() - start
    return {
        "seconds": seconds,
        "filters": filters,
        "live": live,
        "cropped": cropped,
        "windows": windows,
        "inside": inside,
        "speed": max(speed, convolution_speed(precision)),
    }


def per_filter(network: str, precision: str, layer: str, target: str, count: str) -> Figures:
    """Some live filters of a layer; `forward` is the forward pass alone."""
    engine, image = _engine(network, precision)
    index = index_of(engine, layer)
    channels = live_channels(engine.run(image).maps(index), int(count))
    kind = cast(Target, target)
    list(engine.run(image).gradients(index, channels=channels[:2], target=kind))
    speed = convolution_speed(precision)
    route = engine._plan.routes[index]
    start = time.process_time()
    forward = engine.run(image)
    forward_done = time.process_time()
    blocks = list(forward.gradients(index, channels=channels, target=kind))
    end = time.process_time()
    work = dense_work(route, blocks).windows if route.is_dense else np.nan
    return {
        "seconds": (end - start) / len(channels),
        "gradients": (end - forward_done) / len(channels),
        "windows": work / len(channels),
        "speed": speed,
    }


def maps_and_statistics(network: str) -> Figures:
    """All feature maps and statistics of one image; the best of five."""
    engine, image = _engine(network, "float32")
    seconds = []
    for _ in range(5):
        start = time.process_time()
        forward = engine.run(image)
        for layer in engine.convolutions:
            forward.maps(layer)
            forward.statistics(layer)
        seconds.append(time.process_time() - start)
    return {"seconds": min(seconds)}


def build() -> Figures:
    """A network of 120 convolutions: until the first answer, and with new weights."""
    model = keras.applications.DenseNet121(weights=None, include_top=False)
    image = np.zeros((1, 224, 224, 3), np.float32)
    times = [time.process_time()]
    engine = Engine(model, image)
    engine.run(image)
    times.append(time.process_time())
    model.set_weights([one * 0.5 for one in model.get_weights()])
    times.append(time.process_time())
    engine.run(image)
    times.append(time.process_time())
    return {
        "layers": len(engine.convolutions),
        "first": times[1] - times[0],
        "later": times[3] - times[2],
    }


def nothing() -> Figures:
    """TensorFlow alone: what a process takes that only imports it and convolves.

    Its convolutions tell how fast the machine is, and which type the engine would choose.
    """
    speeds = {dtype: convolution_speed(dtype) for dtype in ("float32", "bfloat16")}
    return speeds | {"chosen": float(bfloat16_is_worthwhile())}


def _engine(network: str, precision: str) -> tuple[Engine, Any]:
    chosen = NETWORKS[network]
    image = chosen.photograph()
    return Engine(chosen.load(), image, precision=cast(Precision, precision)), image


MEASUREMENTS: dict[str, Callable[..., Figures]] = {
    "all": all_filters,
    "filter": per_filter,
    "maps": maps_and_statistics,
    "build": build,
    "nothing": nothing,
}


if __name__ == "__main__":
    figures = MEASUREMENTS[sys.argv[1]](*sys.argv[2:])
    # Linux counts in KiB.
    figures["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    print(json.dumps(figures))
