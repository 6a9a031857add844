"""Measures the capture engine and writes the section "Engine" of `RESULTS.md`.

python -m benchmarks.engine

Figures are CPU seconds of a process with all its threads: on a machine that others use, wall
time says little. Each measurement runs in a process of its own, so that its peak memory is
its own. `make bench` makes the environment of the other libraries first.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks import engine_goals, peers
from benchmarks.engine_figures import FEW, MANY, Few, Figures, Measured
from benchmarks.networks import NETWORKS
from benchmarks.results import table, write_section

PRECISIONS = ("float32", "bfloat16")


def main() -> None:
    """Takes every measurement and writes the section."""
    started = time.monotonic()
    found = take()
    minutes = (time.monotonic() - started) / 60
    parts = [INTRODUCTION, machine(found), single_filters(found), all_filters(found)]
    parts += [memory(found), the_rest(found), others(found), engine_goals.report(found)]
    write_section("Engine", "\n\n".join([*parts, f"All of this took {minutes:.0f} minutes."]))


def take() -> Measured:
    """One measurement after the other."""
    found = Measured(machine=measure("nothing"))
    for one in _few():
        found.few[one] = _measure_filters(one, FEW)
        if one.network == "vgg16" and one.layer == NETWORKS["vgg16"].layers[1]:
            found.many[one] = _measure_filters(one, MANY)
    for network, precision in (
        ("vgg16", "float32"),
        ("vgg16", "bfloat16"),
        # Which is what the engine chooses there, on every machine.
        ("mobilenet_v2", "float32"),
    ):
        found.all[network, precision] = measure("all", network, precision)
    found.maps = {network: measure("maps", network) for network in NETWORKS}
    found.build = measure("build")
    for task in peers.TASKS:
        print("peers", *task[:2], flush=True)
        found.compared += peers.compare(*task)
    return found


def _few() -> Iterator[Few]:
    for network, known in NETWORKS.items():
        for target in ("sum", "max"):
            for precision in PRECISIONS:
                for layer in known.layers:
                    yield Few(network, layer, target, precision)


def _measure_filters(one: Few, count: int) -> Figures:
    return measure("filter", one.network, one.precision, one.layer, one.target, str(count))


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


INTRODUCTION = """\
CPU seconds of a process, all threads together. "Bound" is the dense floating-point work of
the convolutions on the way back, at the speed of a large transposed convolution (kernel 3 by
3, 256 to 256 channels) measured in the same process: nothing but the convolutions, at full
speed. "Share" is bound / measured. The work is that of going back through all channels of
whole receptive fields, which is what the goal of 80 % was set for. The engine leaves some of
that out: most of what lies beyond the border, and channels that an image closes. "Without the
border" is the share of a bound that counts windows only as far as they lie on the tensors.
Where depthwise convolutions and single elements take most of the time, which no such bound
describes, there is none."""


def machine(found: Measured) -> str:
    """How fast it convolves."""
    speeds = " and ".join(f"{found.machine[one] / 1e9:.0f} in {one}" for one in PRECISIONS)
    chosen = "bfloat16" if found.machine["chosen"] else "float32"
    return (
        f"This machine convolves with {speeds}, in GFLOP per CPU second; the engine chooses "
        f"{chosen} here for the gradients of dense networks."
    )


def single_filters(found: Measured) -> str:
    """Both targets at an early and a late layer, beside the other libraries."""
    rows = []
    for one, figures in found.few.items():
        bound = figures["windows"] / figures["speed"]
        rows.append(
            [
                NETWORKS[one.network].title,
                *one[1:],
                f"{figures['seconds']:.4f}",
                f"{figures['gradients']:.4f}",
                _or_dash(f"{bound:.4f}", bound),
                _or_dash(f"{bound / figures['gradients']:.0%}", bound),
                _or_dash(f"{bound / figures['seconds']:.0%}", bound),
                f"{figures['peak']:.0f}",
            ]
        )
    head = [
        *("network", "layer", "target", "gradients in", "s per filter", "gradients alone"),
        *("bound", "share of gradients", "share of all", "peak MB"),
    ]
    return f"### One filter of {FEW}, forward pass included\n\n{table(head, rows)}"


def _or_dash(text: str, value: float) -> str:
    return "–" if math.isnan(value) else text  # noqa: RUF001  # A sign of a table.


def all_filters(found: Measured) -> str:
    """A whole capture's gradients, without writing them."""
    rows = []
    for (network, precision), figures in found.all.items():
        bound, inside = (
            figures[one] / figures["speed"] or math.nan for one in ("windows", "inside")
        )
        rows.append(
            [
                NETWORKS[network].title,
                precision,
                f"{figures['live']:.0f} of {figures['filters']:.0f}",
                f"{figures['cropped']:.0f}",
                f"{figures['seconds']:.1f}",
                _or_dash(f"{bound:.1f}", bound),
                _or_dash(f"{bound / figures['seconds']:.0%}", bound),
                _or_dash(f"{inside / figures['seconds']:.0%}", inside),
                f"{figures['peak']:.0f}",
            ]
        )
    head = [
        *("network", "gradients in", "live filters", "in windows", "s", "bound", "share"),
        *("without the border", "peak MB"),
    ]
    return f"### All live filters of one image, target max\n\n{table(head, rows)}"


def memory(found: Measured) -> str:
    """Few and many filters of one layer; whole frames, where pictures are largest."""
    rows = [["TensorFlow and a convolution", "", "", f"{found.machine['peak']:.0f}"]]
    for one, figures in found.many.items():
        for count, peak in ((FEW, found.few[one]["peak"]), (MANY, figures["peak"])):
            what = f"{one.layer}, {count} filters"
            rows.append([what, one.target, one.precision, f"{peak:.0f}"])
    head = ["VGG16, 224 px", "target", "gradients in", "peak MB"]
    return f"### Memory of the process\n\n{table(head, rows)}"


def the_rest(found: Measured) -> str:
    """Feature maps and statistics; building."""
    rows = [
        [
            f"all maps and statistics of one image, {NETWORKS[network].title}",
            f"{figures['seconds']:.2f}",
        ]
        for network, figures in found.maps.items()
    ]
    what = f"DenseNet121, {found.build['layers']:.0f} convolutions, "
    rows.append([f"{what}from the model to the first answer", f"{found.build['first']:.1f}"])
    rows.append([f"{what}an answer with new weights", f"{found.build['later']:.2f}"])
    return f"### Maps, statistics, building\n\n{table(['what', 's'], rows)}"


def others(found: Measured) -> str:
    """The peers at both layers, both targets."""
    head = [
        *("library", "network", "layer", "target", "largest difference", "correlation"),
        *("s per filter", "ConvLens", "times as long"),
    ]
    return (
        "### Beside other libraries\n\n"
        f"Guided gradients of {peers.CHANNELS} filters in float32, the same task for all. Each "
        "result is compared with ours first, relative to the maximum, and its time is given "
        f"only where it differs by less than {peers.TOLERANCE:g}. Captum's network is built "
        "by hand, of VGG16 alone.\n\n"
        f"{table(head, [_row(one) for one in found.compared])}"
    )


def _row(one: peers.Comparison) -> list[str]:
    task = [one.peer, NETWORKS[one.network].application, one.layer, one.target]
    if one.failure:
        return [*task, f"failed: {one.failure[:80]}", "", "", "", ""]
    compared = [*task, f"{one.difference:.0e}", f"{one.correlation:.6f}"]
    if math.isnan(one.seconds):
        return [*compared, "computes something else", f"{one.ours:.4f}", ""]
    ratio = one.seconds / one.ours
    return [*compared, f"{one.seconds:.3f}", f"{one.ours:.4f}", f"{ratio:.1f}"]


if __name__ == "__main__":
    main()
