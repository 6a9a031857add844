"""axe-core, which finds what people with disabilities would stumble over."""

from __future__ import annotations

from playwright.sync_api import Frame

from tests.e2e.tab import Tab


def violations(tab: Tab, source: str) -> list[str]:
    """What this axe-core finds wrong with the tab in both themes, as sentences."""
    return [
        f"{theme}: {sentence}"
        for theme in tab.in_both_themes()
        for sentence in _violations_now(tab.document(), source)
    ]


def _violations_now(document: Frame, source: str) -> list[str]:
    if not document.evaluate("'axe' in window"):
        document.evaluate(source)
    found = document.evaluate("() => axe.run(document)")
    assert len(found["passes"]) > 10, "axe has looked at nearly nothing."
    return [
        f"{violation['id']}: {node['html'][:150]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
