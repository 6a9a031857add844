"""The tiles of one answer: their properties and levels, within a bound of memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tensorboard_plugin_convlens.core.errors import ConvLensError, TooLargeError
from tensorboard_plugin_convlens.core.records import Sheet
from tensorboard_plugin_convlens.server import to_wire, wire
from tensorboard_plugin_convlens.server.captures import Captures, TileOf
from tensorboard_plugin_convlens.storage.reading.tile import Cost, cost

# 40 gradients of 450 by 450 pixels in three channels. While it is made, an answer takes up to
# three and a half times as much memory: 84 MB.
LARGEST_INFLATED = 24 * 2**20
# Captures without checksums of segments have their sheets read whole: a second or two.
LARGEST_READ = 2**30


@dataclass(frozen=True, slots=True)
class Tiles:
    """An answer.

    Attributes:
      entries: For each requested tile its properties, why it cannot be read, or None if it
        was not captured.
      levels: The levels of each tile; empty if there are none.
    """

    entries: list[wire.Tile | wire.Failure | None]
    levels: list[bytes]

    @property
    def is_complete(self) -> bool:
        """Whether every captured tile could be read."""
        return not any(entry is not None and "error" in entry for entry in self.entries)


def read_tiles(captures: Captures, asked: Sequence[TileOf]) -> Tiles:
    """Reads tiles; one that fails does not spoil the others.

    Raises:
      TooLargeError: Together they are too large for one answer; nothing was read.
    """
    found = [_find(captures, tile) for tile in asked]
    _check_cost(
        [
            cost(sheet, tile.channel)
            for tile, sheet in zip(asked, found, strict=True)
            if isinstance(sheet, Sheet)
        ]
    )
    tiles = Tiles([], [])
    for tile, sheet in zip(asked, found, strict=True):
        entry, levels = _read(captures, tile, sheet)
        tiles.entries.append(entry)
        tiles.levels.append(levels)
    return tiles


def _find(captures: Captures, tile: TileOf) -> Sheet | ConvLensError | None:
    try:
        return captures.tile_sheet(tile)
    except ConvLensError as error:
        return error


def _read(
    captures: Captures, tile: TileOf, found: Sheet | ConvLensError | None
) -> tuple[wire.Tile | wire.Failure | None, bytes]:
    if found is None:
        return None, b""
    if isinstance(found, ConvLensError):
        return {"error": str(found)}, b""
    try:
        return to_wire.tile(found, tile.channel), captures.tile(tile, found)
    except ConvLensError as error:
        return {"error": str(error)}, b""


def _check_cost(costs: Sequence[Cost]) -> None:
    """Raises `TooLargeError` if the tiles of an answer cost too much."""
    for what, total, most in (
        ("The uncompressed pictures", sum(one.inflated for one in costs), LARGEST_INFLATED),
        ("The sheets of the pictures", sum(one.read for one in costs), LARGEST_READ),
    ):
        if total > most:
            raise TooLargeError(
                f"{what} have {total} bytes together; one answer takes at most {most}. "
                "Ask for fewer of them at once, or read them with "
                "tensorboard_plugin_convlens.Reader."
            )
