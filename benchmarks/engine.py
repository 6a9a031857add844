"""Measures the capture engine and writes the section "Engine" of `RESULTS.md`.

python -m benchmarks.engine

Figures are CPU seconds of a process with all its threads: on a machine that others use, wall
time says little. Each measurement runs in a process of its own, so that its peak memory is
its own. `make bench` makes the environment of the other libraries first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

from benchmarks import peers
from benchmarks.engine_measurement import Figures
from benchmarks.networks import NETWORKS
from benchmarks.results import table, write_section

PRECISIONS = ("float32", "bfloat16")
FEW, MANY = 16, 256


def measure(*what: str) -> Figures:
    """What `engine_measurement` prints."""
    print(*what, flush=True)
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.engine_measurement", *what],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    figures: Figures = json.loads(finished.stdout.splitlines()[-1])
    return figures


def main() -> None:
    """Takes every measurement and writes the section."""
    started = time.monotonic()
    parts = [single_filters(), all_filters(), memory(), the_rest(), others()]
    minutes = (time.monotonic() - started) / 60
    parts.append(f"All of this took {minutes:.0f} minutes.")
    write_section("Engine", "\n\n".join([INTRODUCTION, *parts]))


INTRODUCTION = """\
CPU seconds of a process, all threads together. "Bound" is the dense floating-point work of
the convolutions on the way back, at the speed of a large transposed convolution (kernel 3 by
3, 256 to 256 channels) measured in the same process: nothing but the convolutions, at full
speed. "Share" is bound / measured. What windows have beyond the border is not counted."""


def single_filters() -> str:
    """Both targets at an early and a late layer."""
    rows = []
    for name, network in NETWORKS.items():
        for target in ("sum", "max"):
            for precision in PRECISIONS:
                for layer in network.layers:
                    found = measure("filter", name, precision, layer, target, str(FEW))
                    rows.append([network.title, layer, target, precision, *_shared(found)])
    head = ["network", "layer", "target", "gradients in", "s per filter", "bound", "share"]
    return f"### One filter of {FEW}, forward pass included\n\n{table(head, rows)}"


def _shared(found: Figures) -> list[str]:
    bound = found["work"] / found["speed"]
    return [f"{found['seconds']:.4f}", f"{bound:.4f}", f"{bound / found['seconds']:.0%}"]


def all_filters() -> str:
    """A whole capture's gradients, without writing them."""
    rows = []
    for name, network in NETWORKS.items():
        for precision in PRECISIONS:
            found = measure("all", name, precision)
            bound = found["work"] / found["speed"]
            rows.append(
                [
                    network.title,
                    precision,
                    f"{found['live']:.0f} of {found['filters']:.0f}",
                    f"{found['cropped']:.0f}",
                    f"{found['seconds']:.1f}",
                    f"{bound:.1f}",
                    f"{bound / found['seconds']:.0%}",
                    f"{found['speed'] / 1e9:.0f}",
                    f"{found['peak']:.0f}",
                ]
            )
    head = [
        *("network", "gradients in", "live filters", "in windows", "s", "bound", "share"),
        *("convolution, GFLOP per s", "peak MB"),
    ]
    return f"### All live filters of one image, target max\n\n{table(head, rows)}"


def memory() -> str:
    """Few and many filters of one layer; the whole frame, where pictures are largest."""
    rows = [["TensorFlow and one convolution", "", "", f"{measure('nothing')['peak']:.0f}"]]
    for precision in PRECISIONS:
        for target in ("sum", "max"):
            for count in (FEW, MANY):
                found = measure(
                    "filter", "vgg16", precision, "block5_conv3", target, str(count)
                )
                what = f"block5_conv3, {count} filters"
                rows.append([what, target, precision, f"{found['peak']:.0f}"])
    head = ["VGG16, 224 px", "target", "gradients in", "peak MB"]
    return f"### Memory of the process\n\n{table(head, rows)}"


def the_rest() -> str:
    """Feature maps and statistics; building."""
    rows = []
    for name, network in NETWORKS.items():
        seconds = measure("maps", name)["seconds"]
        rows.append(
            [f"all maps and statistics of one image, {network.title}", f"{seconds:.2f}"]
        )
    found = measure("build")
    what = f"DenseNet121, {found['layers']:.0f} convolutions, "
    rows.append([f"{what}from the model to the first answer", f"{found['first']:.1f}"])
    rows.append([f"{what}an answer with new weights", f"{found['later']:.2f}"])
    return f"### Maps, statistics, building\n\n{table(['what', 's'], rows)}"


def others() -> str:
    """The peers, at both layers of VGG16."""
    rows = []
    for layer in NETWORKS["vgg16"].layers:
        print("peers", layer, flush=True)
        rows += [_row(one) for one in peers.compare(layer)]
    head = [
        *("library", "layer", "largest difference", "correlation", "s per filter"),
        *("ConvLens", "times as long"),
    ]
    return (
        "### Beside other libraries\n\n"
        f"Guided gradient of the sum of {peers.CHANNELS} feature maps of VGG16 at 224 px, in "
        "float32, the same task for all. Each result is compared with ours first, relative to "
        f"the maximum, and timed only where it differs by less than {peers.TOLERANCE:g}.\n\n"
        f"{table(head, rows)}"
    )


def _row(one: peers.Comparison) -> list[str]:
    if one.failure:
        return [one.peer, one.layer, f"failed: {one.failure[:80]}", "", "", "", ""]
    compared = [one.peer, one.layer, f"{one.difference:.0e}", f"{one.correlation:.6f}"]
    if one.seconds != one.seconds:  # Not a number.
        return [*compared, "differs, not timed", "", ""]
    return [
        *compared,
        f"{one.seconds:.3f}",
        f"{one.ours:.3f}",
        f"{one.seconds / one.ours:.1f}",
    ]


if __name__ == "__main__":
    main()
