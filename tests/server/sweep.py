"""Every question that a tab can ask of a log directory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.server.asking import ROOT

Question = tuple[str, dict[str, Any]]
METHODS = ("activation", "guided")


def questions(client: Any, run: str) -> list[Question]:
    """All of them about a run as it is; none is asked twice."""
    (listed,) = [
        one for one in json.loads(client.get(f"{ROOT}/runs").data)["runs"] if one["run"] == run
    ]
    found: list[Question] = [("/runs", {})]
    about: dict[str, Any] = {"run": run}
    found += [(route, about) for route in ("/ablations", "/marks")]
    found.append(("/mark_history", about | {"path": "conv1", "call": 0, "channel": 0}))
    found.append(("/predictions", about | {"input": 0}))
    found.append(("/history", about | {"layer": 1, "channel": 0, "input": 0}))
    for graph, inputs in sorted({(one["graph"], one["inputs"]) for one in listed["steps"]}):
        found += _about_model(about, graph, inputs)
    for step in listed["steps"]:
        found += _about_step(client, about | {"step": step["step"], "session": step["session"]})
    return found


def _about_model(about: dict[str, Any], graph: str, inputs: str) -> Iterator[Question]:
    yield "/graph", about | {"fingerprint": graph}
    yield "/inputs", about | {"fingerprint": inputs}
    yield "/picture", about | {"fingerprint": inputs, "index": 1, "source": 0}
    yield "/network_timeline", about | {"graph": graph}
    for statistic in ("mean", "nothing"):
        asked = {"graph": graph, "layer": 1, "input": 0, "statistic": statistic}
        yield "/timeline", about | asked


def _about_step(client: Any, step: dict[str, Any]) -> Iterator[Question]:
    yield "/step", step
    yield "/agreement", step | {"layer": 1}
    yield "/flags", step | {"layer": 2}
    for layer, index in ((1, 0), (2, 1)):
        asked = step | {"layer": layer, "input": index}
        yield "/layer", asked
        answer = client.get(f"{ROOT}/layer", query_string=asked)
        for sheet in json.loads(answer.data)["sheets"][:2]:
            yield "/sheet", step | {"sha256": sheet["sha256"]}
        yield (
            "/tiles",
            {
                "run": step["run"],
                "layer": layer,
                "channel": 2,
                "tile": [
                    f"{step['step']}.{step['session']}.{index}.{method}.values.after"
                    for method in METHODS
                ],
            },
        )
