"""What a person asks of the route that changes marks."""

from __future__ import annotations

import uuid

RUN, LAYER = "train", "conv1"


def request(
    step: int, session: str, channel: int, *, base: int, author: str, note: str
) -> dict[str, object]:
    """The body of a request that calls a filter useless."""
    change = {"path": LAYER, "call": 0, "channel": channel, "verdict": "useless"}
    return {
        "operation": uuid.uuid4().hex,
        "base": base,
        "run": RUN,
        "step": step,
        "session": session,
        "author": author,
        "changes": [{**change, "stars": 0, "tags": [], "note": note}],
    }
