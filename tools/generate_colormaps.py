"""Writes `frontend/src/core/pictures/colormaps.gen.ts` from matplotlib and cmcrameri.

Every map has 255 colors, one for each finite level of a sheet
(`core/pictures/quantize.py`): entry `i` is the map at `i / 254`. So entry 127 is exactly the
center of a diverging map, which is the color of zero, though the 256 entries of the originals
have no center entry.

    python tools/generate_colormaps.py            write the file
    python tools/generate_colormaps.py --check    exit 1 where the file is stale
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import cmcrameri
import matplotlib
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "frontend" / "src" / "core" / "pictures" / "colormaps.gen.ts"
COLORS = 255
LARGEST_STEP = 11

HEADER = """\
// Generated from matplotlib and cmcrameri by tools/generate_colormaps.py. Do not edit.
//
// 255 colors each: entry i is the map at i / 254, so entry 127 is the center. `first` is
// entry 0 as RRGGBB; `steps` holds the 254 steps of red, then of green, then of blue: "O" for
// no change, "P" for one more, "N" for one less. It compresses to a third of the colors.
// berlin, vik: F. Crameri, Scientific colour maps (MIT). RdBu: ColorBrewer. Others: matplotlib.
"""

INTERFACE = """\
export interface PaletteTable {
  diverging: boolean;
  first: string;
  steps: string;
}
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


def encode(colors: NDArray[np.uint8]) -> tuple[str, str]:
    """Returns the first color as RRGGBB, and the steps from color to color as letters.

    Raises:
      ValueError: Where a step is too large for one letter; smooth maps have none above 4.
    """
    steps = np.diff(colors.astype(int), axis=0).T.ravel()
    if np.abs(steps).max() > LARGEST_STEP:
        raise ValueError(
            f"A color map has a step of {np.abs(steps).max()} of 255 between neighbors. "
            f"Expected at most {LARGEST_STEP}. Choose a smooth map."
        )
    return colors[0].tobytes().hex(), "".join(chr(ord("O") + int(step)) for step in steps)


def generate() -> str:
    """Returns the text of colormaps.gen.ts."""
    names = " | ".join(f'"{palette.name}"' for palette in PALETTES)
    lines = [HEADER, f"export type PaletteName = {names};\n"]
    lines.append(INTERFACE)
    lines.append("export const PALETTES: Record<PaletteName, PaletteTable> = {")
    for palette in PALETTES:
        first, steps = encode(sample(palette.source))
        flag = "true" if palette.diverging else "false"
        fields = f'diverging: {flag}, first: "{first}", steps: "{steps}"'
        lines.append(f"  {palette.name}: {{ {fields} }},")
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
