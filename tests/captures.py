"""Captures of made-up values, written with the real writer; no model is needed."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import numpy as np

from tensorboard_plugin_convlens.core.pictures.input_images import build_input_images
from tensorboard_plugin_convlens.core.records import (
    Capture,
    FloatArray,
    Gradients,
    Guidance,
    InputImage,
    InputImages,
    Layer,
    LayerCapture,
    ModelGraph,
    Prediction,
    ReceptiveField,
    Skipped,
    Statistic,
)
from tensorboard_plugin_convlens.storage.writing.sheet_writer import GradientKey
from tensorboard_plugin_convlens.storage.writing.writer import Writer

FILTERS = 6
SIDE = 20
CROP = 7


def graph(name: str = "small", convolutions: int = 2) -> ModelGraph:
    """An input and a chain of convolutions."""
    layers = [Layer("image", 0, "InputLayer", 0, (), (SIDE, SIDE, 3), 3, False)]
    for index in range(1, convolutions + 1):
        layers.append(
            Layer(
                path=f"conv{index}",
                call=0,
                class_name="Conv2D",
                depth=index,
                inbound=(index - 1,),
                output_shape=(SIDE, SIDE, FILTERS),
                channels=FILTERS,
                is_convolution=True,
                kernel_size=(3, 3),
                strides=(1, 1),
                dilation=(1, 1),
                padding="same",
                data_format="channels_last",
                activation_function="relu",
                activation_stage="after",
                parameters=168,
                receptive_field=ReceptiveField((3, 3), (1, 1), (-1, -1)),
                config='{"name": "conv"}',
            )
        )
    fingerprint = hashlib.sha256(repr((name, layers)).encode()).hexdigest()
    return ModelGraph(name, tuple(layers), fingerprint)


def images(count: int = 2) -> InputImages:
    """Input images of random pixels."""
    random = np.random.default_rng(count)
    return build_input_images(
        [InputImage(f"image {index}", (_pixels(random),), index) for index in range(count)],
        ("cat", "dog", "rocket"),
    )


def maps(step: int, input_index: int, layer: int = 1) -> FloatArray:
    """Feature maps after a ReLU; filter 0 is silent."""
    random = np.random.default_rng((step, input_index, layer))
    values = np.maximum(random.normal(size=(FILTERS, SIDE, SIDE)), 0).astype(np.float32)
    values[0] = 0
    return values


def gradients(step: int, input_index: int, layer: int = 1) -> Gradients:
    """Crops, some of them partly outside the input."""
    random = np.random.default_rng((step, input_index, layer, 1))
    place = np.linspace(-3, SIDE - 3, FILTERS).astype(np.int32)
    return Gradients(
        channels=tuple(range(FILTERS)),
        values=random.normal(size=(FILTERS, CROP, CROP, 3)).astype(np.float32),
        top=place,
        left=place[::-1].copy(),
        unit_row=place + 3,
        unit_column=place[::-1] + 3,
        cropped=True,
    )


SKIPPED = (Skipped("conv9", "it has no kernel"),)


def write_step(
    writer: Writer,
    step: int,
    *,
    model: ModelGraph | None = None,
    skipped: tuple[Skipped, ...] = SKIPPED,
) -> Capture:
    """Captures one step: two convolutions, two input images, maps and guided gradients."""
    model = model or graph()
    shown = images()
    writer.write_graph(model)
    writer.write_inputs(shown)
    found: dict[int, LayerCapture] = {}
    for layer in range(1, len(model.layers)):
        found[layer] = LayerCapture(layer, (), _statistics(step), Guidance(layer, layer, ()))
    for index in range(len(shown.inputs)):
        with writer.pack(step, index) as pack:
            for layer, record in found.items():
                taken = pack.add_maps(maps(step, index, layer), input_index=index)
                guided = pack.begin_gradients(GradientKey("guided", "max", index))
                for block in _blocks(gradients(step, index, layer)):
                    guided.add(block)
                sheets = (*record.sheets, taken, *guided.finish())
                found[layer] = LayerCapture(layer, sheets, record.statistics, record.guidance)
    capture = Capture(
        step=step,
        wall_time=time.time(),
        session=writer.session,
        graph=model.fingerprint,
        inputs=shown.fingerprint,
        layers=tuple(found.values()),
        predictions=tuple(
            (Prediction("classes", np.asarray([0.7, 0.2, 0.1], np.float32)),)
            for _ in shown.inputs
        ),
        skipped=skipped,
        iterations=step * 10,
        seconds=0.5,
    )
    writer.commit(capture)
    return capture


def write_run(log_dir: Path, run: str = "train", steps: tuple[int, ...] = (0, 1, 2)) -> Writer:
    """A run with some steps."""
    writer = Writer(log_dir, run=run, kind="training")
    for step in steps:
        write_step(writer, step)
    return writer


def _statistics(step: int) -> tuple[Statistic, ...]:
    values = np.arange(FILTERS, dtype=np.float32) + step
    broken = values.copy()
    broken[0] = np.nan
    return (
        Statistic("mean", 0, values),
        Statistic("mean", 1, values + 1),
        Statistic("l1", None, broken),
    )


def _blocks(whole: Gradients) -> list[Gradients]:
    """Two blocks, as an engine would yield them."""
    half = FILTERS // 2
    return [
        Gradients(
            channels=whole.channels[part],
            values=whole.values[part],
            top=whole.top[part],
            left=whole.left[part],
            unit_row=whole.unit_row[part],
            unit_column=whole.unit_column[part],
            cropped=whole.cropped,
        )
        for part in (slice(0, half), slice(half, None))
    ]


def _pixels(random: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return random.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
