"""The log directories that the tab is shown: a real training, and what is hard to show."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tensorboard_plugin_convlens.core.pictures.input_images import build_input_images
from tensorboard_plugin_convlens.core.records import (
    Capture,
    FloatArray,
    InputImage,
    InputImages,
    Layer,
    LayerCapture,
    ModelGraph,
    Prediction,
    ReceptiveField,
    Statistic,
)
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures

DIGITS = "digits/train"
VALUES = "values"
WIDE = "wide"
DEEP = "deep"
DAMAGED = "damaged"
HOSTILE = '"><img src=x onerror=alert("run")>'

WIDE_FILTERS = 2048
RESIDUAL_BLOCKS = 40
INCEPTION_MODULES = 6

LARGEST = 2.0
# Filters of the layer `bands` of the run VALUES.
BANDS, SILENT, ALL_NAN, HALF_NAN, ONE_INFINITE, TINY = range(6)

SCRIPT = '"><img src=x onerror=alert("layer")>'
REVERSED = "conv\u202egnp.exe"
ENDLESS = "endless" + "x" * 4993
FORMULA = '=HYPERLINK("http://127.0.0.1:9/", "win")'
LAYER_NAMES = (
    SCRIPT,
    "..",
    "../../etc/passwd",
    REVERSED,
    "a\nb\x00c",
    "#1&p.convlens.run=x",
    ENDLESS,
)


@dataclass(frozen=True)
class Pictures:
    """One capture to be: what is shown of each layer for every input image."""

    model: ModelGraph
    inputs: InputImages
    maps: Mapping[int, FloatArray]
    statistics: Sequence[Statistic] = ()


def write_values(log_dir: Path) -> None:
    """Maps of known values: bands of -2, 0, 2, and everything that is no picture."""
    maps = np.zeros((6, 12, 12), np.float32)
    maps[BANDS, :, :4], maps[BANDS, :, 8:] = -LARGEST, LARGEST
    maps[ALL_NAN] = np.nan
    maps[HALF_NAN] = 1
    maps[HALF_NAN, :, :6] = np.nan
    maps[ONE_INFINITE] = 0.5
    maps[ONE_INFINITE, 0, 0] = np.inf
    maps[TINY] = 1e-30
    rectified = np.maximum(np.nan_to_num(maps, nan=0, posinf=0), 0)
    model = chain(("bands", "rectified"), channels=6, side=12)
    write(log_dir, VALUES, Pictures(model, captures.images(), {1: maps, 2: rectified}))


def write_wide(log_dir: Path) -> None:
    """A layer of 2,048 filters, the first 64 of them silent, and a layer of one filter."""
    random = np.random.default_rng(0)
    maps = random.normal(size=(WIDE_FILTERS, 14, 14)).astype(np.float32)
    maps[:64] = 0
    model = chain(("wide", "narrow"), channels=WIDE_FILTERS, side=14)
    narrow = replace(model.layers[2], channels=1, output_shape=(14, 14, 1))
    layers = (*model.layers[:2], narrow)
    pictures = Pictures(
        as_graph("wide", layers), captures.images(), {1: maps, 2: maps[100:101]}
    )
    write(log_dir, WIDE, pictures)


def write_hostile(log_dir: Path, *, steps: Sequence[int] = (0,)) -> None:
    """Names of layers, classes, input images, a statistic and a run that mean harm."""
    inputs = build_input_images(
        [
            InputImage(SCRIPT, captures.images().inputs[0].pictures, 0),
            InputImage(ENDLESS, captures.images().inputs[1].pictures, 1),
        ],
        (SCRIPT, REVERSED, ENDLESS),
    )
    random = np.random.default_rng(1)
    shown = random.normal(size=(4, 8, 8)).astype(np.float32)
    maps = {index: shown for index in range(1, len(LAYER_NAMES) + 1)}
    statistics = [
        Statistic(name, index, shown.max(axis=(1, 2)))
        for name in ("mean", FORMULA)
        for index in range(2)
    ]
    statistics.append(Statistic("kernel_change", None, np.linspace(0, 1, 4, dtype=np.float32)))
    model = chain(LAYER_NAMES, channels=4, side=8)
    write(log_dir, HOSTILE, Pictures(model, inputs, maps, statistics), steps=steps)


def write_deep(log_dir: Path) -> None:
    """More than 300 layers: residual blocks, modules of four branches, a nested model."""
    layers = [_layer("image", "InputLayer", ())]
    last = 0
    for block in range(RESIDUAL_BLOCKS):
        last = _add_residual_block(
            layers, last, f"backbone/conv{block // 10 + 2}_block{block % 10}"
        )
    for module in range(INCEPTION_MODULES):
        last = _add_inception_module(layers, last, f"mixed{module}")
    layers.append(_layer("average", "GlobalAveragePooling2D", (last,)))
    model = as_graph("deep", _with_depths(layers))
    random = np.random.default_rng(2)
    convolutions = [at for at, layer in enumerate(model.layers) if layer.is_convolution]
    maps = {at: random.normal(size=(8, 8, 8)).astype(np.float32) for at in convolutions[::8]}
    for at in list(maps)[::3]:
        maps[at][:5] = 0
    write(log_dir, DEEP, Pictures(model, captures.images(), maps))


def write_damaged(log_dir: Path) -> None:
    """A run whose pictures were overwritten after they were captured."""
    writer = captures.write_run(log_dir, DAMAGED, steps=(0,))
    for pack in writer.directory.glob("pack-*"):
        size = pack.stat().st_size
        with pack.open("r+b") as file:
            file.seek(size // 4)
            file.write(b"\x00" * (size // 2))


def write(log_dir: Path, run: str, pictures: Pictures, *, steps: Sequence[int] = (0,)) -> None:
    """Writes steps of a run with the real writer; all of them have the same pictures."""
    writer = Writer(log_dir, run=run)
    writer.write_graph(pictures.model)
    writer.write_inputs(pictures.inputs)
    for step in steps:
        _write_step(writer, pictures, step)


def _write_step(writer: Writer, pictures: Pictures, step: int) -> None:
    count = len(pictures.inputs.inputs)
    found = {at: LayerCapture(at, (), tuple(pictures.statistics)) for at in pictures.maps}
    for index in range(count):
        with writer.pack(step, index) as pack:
            for at, maps in pictures.maps.items():
                sheets = (*found[at].sheets, pack.add_maps(maps, input_index=index))
                found[at] = replace(found[at], sheets=sheets)
    probabilities = np.asarray([0.7, 0.2, 0.1], np.float32)
    writer.commit(
        Capture(
            step=step,
            wall_time=time.time(),
            session=writer.session,
            graph=pictures.model.fingerprint,
            inputs=pictures.inputs.fingerprint,
            layers=tuple(found.values()),
            predictions=((Prediction("classes", probabilities),),) * count,
            skipped=(),
            iterations=step,
            seconds=0.1,
        )
    )


def chain(names: Sequence[str], *, channels: int, side: int) -> ModelGraph:
    """An input, and convolutions of these names one after the other."""
    layers = [_layer("image", "InputLayer", ())]
    for index, name in enumerate(names):
        layer = _layer(name, "Conv2D", (index,))
        layers.append(replace(layer, channels=channels, output_shape=(side, side, channels)))
    return as_graph(names[0], _with_depths(layers))


def as_graph(name: str, layers: Sequence[Layer]) -> ModelGraph:
    """A graph of these layers; equal layers have an equal fingerprint."""
    fingerprint = hashlib.sha256(repr(layers).encode()).hexdigest()
    return ModelGraph(name, tuple(layers), fingerprint)


def _layer(path: str, class_name: str, inbound: tuple[int, ...]) -> Layer:
    convolution = class_name == "Conv2D"
    return Layer(
        path=path,
        call=0,
        class_name=class_name,
        depth=0,
        inbound=inbound,
        output_shape=(8, 8, 8),
        channels=8,
        is_convolution=convolution,
        kernel_size=(3, 3) if convolution else (),
        strides=(1, 1) if convolution else (),
        padding="same" if convolution else "",
        parameters=584 if convolution else 0,
        receptive_field=ReceptiveField((3, 3), (1, 1), (-1, -1)) if convolution else None,
        config='{"name": "made up"}',
    )


def _add_residual_block(layers: list[Layer], source: int, name: str) -> int:
    last = source
    for part, kind in (("1_conv", "Conv2D"), ("1_bn", "BatchNormalization"), ("1_relu", "ReLU"),
                       ("2_conv", "Conv2D"), ("2_bn", "BatchNormalization")):  # fmt: skip
        layers.append(_layer(f"{name}_{part}", kind, (last,)))
        last = len(layers) - 1
    layers.append(_layer(f"{name}_add", "Add", (last, source)))
    layers.append(_layer(f"{name}_out", "ReLU", (len(layers) - 1,)))
    return len(layers) - 1


def _add_inception_module(layers: list[Layer], source: int, name: str) -> int:
    ends = []
    for branch, kinds in enumerate((1, 2, 3, 2)):
        last = source
        for part in range(kinds):
            layers.append(_layer(f"{name}_branch{branch}_conv{part}", "Conv2D", (last,)))
            last = len(layers) - 1
        ends.append(last)
    layers.append(_layer(f"{name}_join", "Concatenate", tuple(ends)))
    return len(layers) - 1


def _with_depths(layers: Sequence[Layer]) -> list[Layer]:
    depths: list[int] = []
    for layer in layers:
        depths.append(1 + max((depths[source] for source in layer.inbound), default=-1))
    return [replace(layer, depth=depth) for layer, depth in zip(layers, depths, strict=True)]
