"""Writes the section "Storage and import" of `RESULTS.md`, where figures are asked for.

`make bench` asks with `--benchmark-json`.
"""

from __future__ import annotations

from typing import Any

from benchmarks.results import table, write_section


def pytest_benchmark_update_json(output_json: dict[str, Any]) -> None:
    """Called by pytest-benchmark with all of its figures, in seconds."""
    rows = [
        [
            _title(one["name"]),
            f"{one['stats']['median'] * 1000:.1f}",
            f"{one['stats']['min'] * 1000:.1f}",
            str(one["stats"]["rounds"]),
        ]
        for one in output_json["benchmarks"]
    ]
    text = "Milliseconds of wall time; maps go to packs and back without a disk."
    head = ["what", "median, ms", "shortest, ms", "times"]
    write_section("Storage and import", f"{text}\n\n{table(head, rows)}")


def _title(name: str) -> str:
    """`test_read_maps[VGG16 block3_conv3]` → `read maps: VGG16 block3_conv3`."""
    test, _, case = name.removesuffix("]").partition("[")
    return f"{test.removeprefix('test_').replace('_', ' ')}: {case}"
