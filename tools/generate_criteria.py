"""Writes what tells people of the criteria, from the table in `core/filters/criteria.py`.

For the tab two files: `criteria.gen.ts`, which every view needs, and `criterion_cards.gen.ts`,
which is loaded when somebody asks. For readers `docs/criteria.md`.

python tools/generate_criteria.py            write the files
python tools/generate_criteria.py --check    exit 1 where one is stale
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from tensorboard_plugin_convlens.core.filters.criteria import CRITERIA, Criterion, End

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "frontend" / "src" / "core" / "ranking"

HEADER = """\
// Generated from `core/filters/criteria.py` by tools/generate_criteria.py.
// Do not edit: change the Python file and run `make generate`.
"""

NAMES = """
export interface CriterionName {
  /** The name of the statistic. */
  name: string;
  title: string;
  /** What it is, in one sentence. */
  meaning: string;
  /** Whether it lies between 0 and 1. */
  isShare: boolean;
}
"""

CARDS = f"""
export interface CriterionCard {{
  /** The name of the statistic. */
  name: string;
  formula: string;
  source: string;
  /** The end of the order that the source takes for important. */
  important: {" | ".join(f'"{end}"' for end in get_args(End))};
  /** What large and small mean. */
  direction: string;
  /** What it does not say, and where it is undefined. */
  caveat: string;
  /** What must be there for it to be defined, to be put after "needs". */
  needs: string;
}}
"""


DOCUMENT = """\
<!-- Generated from core/filters/criteria.py by tools/generate_criteria.py: `make generate`. -->

# Criteria

Criteria rank the filters within a layer. `W(j)` is the kernel of filter `j`, `a` its feature
map. [How they are used, and tested](ranking.md).
"""


def generate() -> dict[Path, str]:
    """Returns the text of each file."""
    names = ("name", "title", "meaning", "isShare")
    cards = ("name", "formula", "source", "important", "direction", "caveat", "needs")
    return {
        TARGET / "criteria.gen.ts": _table(
            NAMES, "export const CRITERIA: readonly CriterionName[] = [", names
        ),
        TARGET / "criterion_cards.gen.ts": _table(
            CARDS, "export const CRITERION_CARDS: readonly CriterionCard[] = [", cards
        ),
        ROOT / "docs" / "criteria.md": "\n".join([DOCUMENT, *map(_section, CRITERIA)]),
    }


def _section(criterion: Criterion) -> str:
    return f"""\
## {criterion.title} (`{criterion.name}`)

{criterion.meaning}

- Formula: {criterion.formula}
- Direction: {criterion.direction}
- Caveat: {criterion.caveat}
- Needs: {criterion.needs}
- Source: {criterion.source}
"""


def _table(interface: str, opening: str, names: Sequence[str]) -> str:
    lines = [HEADER + interface, opening]
    for criterion in CRITERIA:
        fields = asdict(criterion)
        fields["isShare"] = fields.pop("is_share")
        lines.append("  {")
        for name in names:
            lines.append(f"    {name}: {json.dumps(fields[name], ensure_ascii=False)},")
        lines.append("  },")
    return "\n".join([*lines, "];\n"])


def main() -> int:
    """Writes or checks the files; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit 1 where one is stale")
    check = parser.parse_args().check
    stale = False
    for target, text in generate().items():
        if not check:
            target.write_text(text, encoding="utf-8")
        elif not target.exists() or target.read_text(encoding="utf-8") != text:
            print(f"{target.relative_to(ROOT)} is stale. Run `make generate`.", file=sys.stderr)
            stale = True
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
