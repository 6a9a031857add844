"""Runs that are small on disk, or not even that large, and would take gigabytes to be read.

Each function puts what is heavy into the plugin directory of a run.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.sealed import seal
from tests import captures, hostile

Builder = Callable[[Path], None]


def large_pictures(directory: Path) -> None:
    """Twelve input pictures of 25 million pixels, of one color."""
    png = _png(5000, 5000)

    def change(message: Any) -> None:
        del message.inputs[:]
        for index in range(12):
            picture = pb.Picture(height=5000, width=5000, png=png)
            message.inputs.add(label=f"{index}", pictures=[picture])

    _change(directory, "inputs-", pb.InputImages(), change)


def many_pictures(directory: Path) -> None:
    """Input images without end, all of them empty."""

    def change(message: Any) -> None:
        message.inputs.extend([pb.InputImage()] * 2_000_000)

    _change(directory, "inputs-", pb.InputImages(), change)


def pack_with_a_hole(directory: Path) -> None:
    """A sheet of a gigabyte that takes no space on disk."""
    pack = hostile.of_kind(directory, "pack-")
    os.truncate(pack, 2**30 + 8)

    def change(message: Any) -> None:
        sheet = message.layers[0].sheets[0]
        sheet.height, sheet.width, sheet.offset, sheet.length = 2**14, 2**14 - 1, 8, 2**30
        sheet.channels, sheet.channels_per_segment = 4, 1
        sheet.scale[:], sheet.segments[:] = [1] * 4, [10] * 4
        sheet.pack = list(message.packs).index(pack.name)

    _change(directory, "step-", pb.Manifest(), change)


def long_configuration(directory: Path) -> None:
    """A layer whose configuration has a hundred million characters."""

    def change(message: Any) -> None:
        message.layers[1].config = "x" * 100_000_000

    _change(directory, "graph-", pb.ModelGraph(), change)


def wide_configurations(directory: Path) -> None:
    """Configurations that just fit, with characters that take four bytes of memory."""

    def change(message: Any) -> None:
        for layer in message.layers:
            layer.config = "\U0001f600" + "x" * (7_900_000 // len(message.layers))

    _change(directory, "graph-", pb.ModelGraph(), change)


def many_nodes(directory: Path) -> None:
    """A model graph of a hundred thousand layers."""

    def change(message: Any) -> None:
        for index in range(100_000):
            message.layers.add(path=f"{index}", inbound=[len(message.layers) - 1])

    _change(directory, "graph-", pb.ModelGraph(), change)


def long_statistics(directory: Path) -> None:
    """A manifest of twenty million numbers."""

    def change(message: Any) -> None:
        message.layers[0].statistics[0].values[:] = [1.0] * 20_000_000

    _change(directory, "step-", pb.Manifest(), change)


def many_layers(directory: Path) -> None:
    """A manifest of three hundred thousand layers."""

    def change(message: Any) -> None:
        for index in range(3, 300_000):
            message.layers.add(layer=index)

    _change(directory, "step-", pb.Manifest(), change)


def empty_sheets(directory: Path) -> None:
    """A layer with four million sheets of two bytes each."""

    def change(message: Any) -> None:
        message.layers[0].sheets.extend([pb.Sheet()] * 4_000_000)

    _change(directory, "step-", pb.Manifest(), change)


def many_skipped(directory: Path) -> None:
    """A manifest that says three million times that something was skipped."""

    def change(message: Any) -> None:
        message.skipped.extend([pb.Skipped()] * 3_000_000)

    _change(directory, "step-", pb.Manifest(), change)


def large_ablations(directory: Path) -> None:
    """Tests of verdicts with a million trials, and four hundred smaller ones."""
    for trials, count in ((1_000_000, 4), (5_000, 400)):
        one = pb.Measured(values=[1.0])
        test = pb.Ablation(
            format_version=1,
            wall_time=1,
            graph_fingerprint=captures.graph().fingerprint,
            metrics=["loss"],
            baseline=one,
            choices=[pb.AblationChoice(name="marked", fill=pb.ZERO, trials=[one] * trials)],
        )
        content = seal(test)
        for index in range(count):
            name = f"ablation-{trials:013d}-{index:08x}.pb"
            (directory / name).write_bytes(content)


def large_status_files(directory: Path) -> None:
    """Two hundred sessions, each with problems of a megabyte."""
    content = b'{"problems": ["' + b"x" * 500_000 + b'"' + b',"y"' * 100_000 + b"]}"
    for index in range(200):
        (directory / names.status_name(f"t0000000000000-{index:08x}")).write_bytes(content)


BUILDERS: tuple[Builder, ...] = (
    large_pictures,
    many_pictures,
    pack_with_a_hole,
    long_configuration,
    wide_configurations,
    many_nodes,
    long_statistics,
    many_layers,
    empty_sheets,
    many_skipped,
    large_ablations,
    large_status_files,
)


def _change(directory: Path, kind: str, message: Any, change: Callable[[Any], None]) -> None:
    """Changes the message in the last file of a kind."""
    path = hostile.of_kind(directory, kind)
    message.ParseFromString(path.read_bytes()[:-32])
    change(message)
    path.write_bytes(seal(message))


def _png(height: int, width: int) -> bytes:
    """A picture of one color."""
    deflate = zlib.compressobj(9)
    row = b"\0" + bytes(3 * width)
    pixels = b"".join([deflate.compress(row) for _ in range(height)] + [deflate.flush()])
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
