"""One channel of a stored sheet: finds its bytes, checks them, decodes its levels."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.records import Sheet
from tensorboard_plugin_convlens.storage.format.names import is_pack_name
from tensorboard_plugin_convlens.storage.format.pack import decode_segment


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of reading a tile.

    Attributes:
      inflated: Inflated bytes of levels: its own, and those of the channels before it in
        its segment.
      read: Stored bytes that are read: its segment, or the whole sheet if segments have no
        checksums.
    """

    inflated: int
    read: int


def cost(sheet: Sheet, channel: int) -> Cost:
    """The cost of the tile of a channel; reads nothing."""
    start, end = segment_place(sheet, channel)
    place = channel % sheet.channels_per_segment
    read = sheet.length if sheet.checksums is None else end - start
    return Cost(inflated=(place + 1) * _channel_bytes(sheet), read=read)


def segment_place(sheet: Sheet, channel: int) -> tuple[int, int]:
    """Begin and end of the segment of a channel in the stored bytes of its sheet."""
    segment = channel // sheet.channels_per_segment
    is_last = segment + 1 == len(sheet.segments)
    return sheet.segments[segment], sheet.length if is_last else sheet.segments[segment + 1]


def decode_tile(sheet: Sheet, channel: int, stored: bytes) -> bytes:
    """The levels of a channel, `uint8 [planes, height, width]`.

    Args:
      sheet: The sheet, from the manifest.
      channel: Index of the channel.
      stored: The stored bytes of its segment. If the sheet has no checksums of segments,
        the caller has compared the SHA-256 of the whole sheet.

    Raises:
      FormatError: They are damaged.
    """
    segment, place = divmod(channel, sheet.channels_per_segment)
    if sheet.checksums is not None and zlib.crc32(stored) != sheet.checksums[segment]:
        where = f" in {sheet.pack!r}" if is_pack_name(sheet.pack) else ""
        raise FormatError(
            f"Part of a sheet{where} is damaged: the checksum of channel {channel} does not "
            "match its bytes. The other sheets are not affected. Restore the file from a copy, "
            "or capture the step again."
        )
    size = _channel_bytes(sheet)
    return decode_segment(stored, (place + 1) * size)[place * size :]


def _channel_bytes(sheet: Sheet) -> int:
    return sheet.planes * sheet.height * sheet.width
