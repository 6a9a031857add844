"""Writes `frontend/src/core/criteria.gen.ts` from the table in `core/criteria.py`.

python tools/generate_criteria_ts.py            write the file
python tools/generate_criteria_ts.py --check    exit 1 where the file is stale
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from tensorboard_plugin_convlens.core.criteria import CRITERIA, End

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "frontend" / "src" / "core" / "criteria.gen.ts"

HEADER = """\
// Generated from tensorboard_plugin_convlens/core/criteria.py by tools/generate_criteria_ts.py.
// Do not edit: change the Python file and run `make generate`.
"""

INTERFACE = f"""
export interface Criterion {{
  /** Of the statistic. */
  name: string;
  title: string;
  /** What it is, in one sentence. */
  meaning: string;
  formula: string;
  source: string;
  /** The end of the order that the source takes for important. */
  important: {" | ".join(f'"{end}"' for end in get_args(End))};
  /** What large and small mean. */
  direction: string;
  /** What it does not say, and where it is undefined. */
  caveat: string;
  /** Whether it lies between 0 and 1. */
  isShare: boolean;
}}
"""


def generate() -> str:
    """Returns the text of criteria.gen.ts."""
    lines = [HEADER + INTERFACE, "export const CRITERIA: readonly Criterion[] = ["]
    for criterion in CRITERIA:
        fields = asdict(criterion)
        fields["isShare"] = fields.pop("is_share")
        lines.append("  {")
        for name, value in fields.items():
            lines.append(f"    {name}: {json.dumps(value, ensure_ascii=False)},")
        lines.append("  },")
    return "\n".join([*lines, "];\n"])


def main() -> int:
    """Writes or checks the file; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="exit 1 where the file is stale")
    check = parser.parse_args().check
    text = generate()
    if not check:
        TARGET.write_text(text, encoding="utf-8")
        return 0
    if TARGET.exists() and TARGET.read_text(encoding="utf-8") == text:
        return 0
    print(f"{TARGET.relative_to(ROOT)} is stale. Run `make generate`.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
