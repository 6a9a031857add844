"""Measures whole captures without gradients; writes "Whole captures" of `RESULTS.md`.

python -m benchmarks.captures [NETWORK …]

A capture of feature maps, statistics and kernels stands beside the forward passes of its
images in a compiled function, in the same process: the ratio is what counts. Each network
has a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys

from benchmarks.capture_measurement import NETWORKS, Figures
from benchmarks.results import table, write_section

GOAL = 2.0
INTRODUCTION = f"""\
CPU seconds of one step with feature maps, statistics and kernels of all layers (no gradients
of filters), beside those of the forward passes of its images, one by one, in a compiled
function of the same process; the best of several. "Changed" is a step after all weights
changed, as in a training; "unchanged" one with the weights of the step before. The goal is
at most {GOAL:g} times the forward passes."""


def main() -> None:
    """Takes every measurement and writes the section, or prints it for chosen networks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", help=f"of {', '.join(NETWORKS)}; all by default")
    chosen = parser.parse_args().networks
    found = {name: measure(name) for name in chosen or NETWORKS}
    body = report(found)
    if chosen:
        print(body)
    else:
        write_section("Whole captures", body)


def measure(network: str) -> Figures:
    """What `capture_measurement` prints."""
    print(network, flush=True)
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.capture_measurement", network],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    return Figures(**json.loads(finished.stdout.splitlines()[-1]))


def report(found: dict[str, Figures]) -> str:
    """The table, where the time goes, and the verdict."""
    rows, missed = [], 0
    for name, one in found.items():
        ratio = one.changed / one.forward
        missed += ratio > GOAL
        rows.append(
            [
                NETWORKS[name].title,
                f"{one.forward:.3f}",
                f"{one.changed:.3f}",
                f"{ratio:.1f}",
                f"{one.unchanged:.3f}",
                "reached" if ratio <= GOAL else "missed",
            ]
        )
    head = ["network", "forward passes, s", "changed, s", "times", "unchanged, s", ""]
    shares = [
        f"### {NETWORKS[name].title}: where the time goes\n\n"
        + table(["function", "s"], [[what, f"{one:.3f}"] for what, one in figures.parts])
        for name, figures in found.items()
    ]
    verdict = "All are reached." if not missed else f"{missed} of {len(rows)} are missed."
    return "\n\n".join([INTRODUCTION, table(head, rows), verdict, *shares])


if __name__ == "__main__":
    main()
