"""What a browser loads of the tab before its first picture."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import tensorboard_plugin_convlens

STATIC = Path(tensorboard_plugin_convlens.__file__).with_name("static")

# `import{a}from"./x.js"`, `import"./x.js"`; not `import("./x.js")`, which is loaded later.
_STATIC_IMPORT = re.compile(r"""(?:from|import)\s*["'](\.[^"']+\.js)["']""")


def files_before_first_picture(entry: Path = STATIC / "index.js") -> set[Path]:
    """The entry, what it imports at once, what that imports at once, and so on."""
    found: set[Path] = set()
    waiting = [entry.resolve()]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        names = _STATIC_IMPORT.findall(file.read_text(encoding="utf-8"))
        waiting += [(file.parent / name).resolve() for name in names]
    return found


def gzipped_size(file: Path) -> int:
    """Bytes of a file as `gzip -9` stores its content."""
    return len(gzip.compress(file.read_bytes(), 9))
