"""Writes `frontend/src/core/colormaps.gen.ts` from matplotlib and cmcrameri.

Every map has 255 colors, one for each finite level of a sheet (`core/quantize.py`): entry
`i` is the map at `i / 254`. So entry 127 is exactly the center of a diverging map, which is
the color of zero, though the 256 entries of the originals have no center entry.

    python tools/generate_colormaps.py            write the file
    python tools/generate_colormaps.py --check    exit 1 where the file is stale
"""

from __future__ import annotations

import argparse
import base64
import sys
from pathlib import Path
from typing import NamedTuple

import cmcrameri
import matplotlib
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "frontend" / "src" / "core" / "colormaps.gen.ts"
COLORS = 255

HEADER = """\
// Generated from matplotlib and cmcrameri by tools/generate_colormaps.py. Do not edit.
//
// 255 RGB triplets each, base64: entry i is the map at i / 254, so entry 127 is the center.
// berlin, vik: F. Crameri, Scientific colour maps (MIT). RdBu: ColorBrewer. Others: matplotlib.
"""


class Palette(NamedTuple):
    """One color map: its name in the tab, and where matplotlib finds it."""

    name: str
    source: str
    diverging: bool


PALETTES = (
    Palette("vik", "cmc.vik", True),
    Palette("berlin", "cmc.berlin", True),
    Palette("RdBu", "RdBu_r", True),
    Palette("managua", "cmc.managua", True),
    Palette("magma", "magma", False),
    Palette("viridis", "viridis", False),
    Palette("cividis", "cividis", False),
    Palette("gray", "gray", False),
)


def sample(source: str) -> NDArray[np.uint8]:
    """Returns `uint8 [255, 3]`: the map at i / 254, linear between its 256 entries."""
    table = matplotlib.colormaps[source](np.arange(256))[:, :3]
    place = np.linspace(0.0, 255.0, COLORS)
    channels = [np.interp(place, np.arange(256), table[:, k]) for k in range(3)]
    rgb: NDArray[np.uint8] = np.rint(np.stack(channels, axis=1) * 255).astype(np.uint8)
    return rgb


def generate() -> str:
    """Returns the text of colormaps.gen.ts."""
    names = " | ".join(f'"{palette.name}"' for palette in PALETTES)
    lines = [HEADER, f"export type PaletteName = {names};\n"]
    lines.append("export interface PaletteTable {\n  diverging: boolean;\n  rgb: string;\n}\n")
    lines.append("export const PALETTES: Record<PaletteName, PaletteTable> = {")
    for palette in PALETTES:
        text = base64.b64encode(sample(palette.source).tobytes()).decode("ascii")
        flag = "true" if palette.diverging else "false"
        lines.append(f'  {palette.name}: {{ diverging: {flag}, rgb: "{text}" }},')
    lines.append("};\n")
    return "\n".join(lines)


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
    versions = f"matplotlib {matplotlib.__version__}, cmcrameri {cmcrameri.__version__}"
    print(
        f"{TARGET.relative_to(ROOT)} is stale: it differs from what {versions} give. "
        "Run `make generate`.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
