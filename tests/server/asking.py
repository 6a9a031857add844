"""Questions that tests ask of the server's routes."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from tensorboard_plugin_convlens.server import wire

ROOT = "/data/plugin/convlens"


def get(client: Any, route: str, **query: object) -> Any:
    """The JSON answer, checked against its TypedDict down to the last key."""
    answer = client.get(f"{ROOT}{route}", query_string=query)
    assert answer.status_code == 200, answer.text
    body = json.loads(answer.text)
    shape = {
        "/runs": wire.Runs,
        "/graph": wire.ModelGraph,
        "/inputs": wire.Inputs,
        "/step": wire.Step,
        "/layer": wire.LayerCapture,
        "/history": wire.History,
        "/predictions": wire.PredictionHistory,
        "/ablations": wire.Ablations,
    }[route]
    assert msgspec.to_builtins(msgspec.convert(body, shape)) == body
    assert set(body) == set(shape.__annotations__)
    return body


def first_step(client: Any, run: str = "train") -> tuple[dict[str, Any], dict[str, Any]]:
    """The query of a run's first step, and what the list of runs says of it."""
    runs = {one["run"]: one for one in get(client, "/runs")["runs"]}
    step = runs[run]["steps"][0]
    return {"run": run, "step": step["step"], "session": step["session"]}, step


def complete_query(client: Any) -> dict[str, Any]:
    """Whatever any route may want to know, of the first step."""
    query, step = first_step(client)
    sheet = get(client, "/layer", **query, layer=1, input=0)["sheets"][0]
    return query | {
        "fingerprint": step["inputs"],
        "layer": "1",
        "input": "0",
        "index": "0",
        "source": "0",
        "channel": "0",
        "tile": f"{query['step']}.{query['session']}.0.activation.values.after",
        "sha256": sheet["sha256"],
    }
