"""axe-core, which finds what people with disabilities would stumble over."""

from __future__ import annotations

from playwright.sync_api import Frame


def violations(document: Frame, source: str) -> list[str]:
    """What the axe-core of this source finds wrong with a document, as sentences."""
    document.evaluate(source)
    found = document.evaluate("() => axe.run(document)")
    assert len(found["passes"]) > 10, "axe has looked at nearly nothing."
    return [
        f"{violation['id']}: {node['html'][:150]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
