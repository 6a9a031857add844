"""Converts records to the JSON contract of `wire/`."""

from __future__ import annotations

from collections.abc import Iterable

from tensorboard_plugin_convlens.core.filters.response_counts import count_responses
from tensorboard_plugin_convlens.core.filters.stages import StatisticStage, statistics_at
from tensorboard_plugin_convlens.core.records import (
    Capture,
    InputsOutline,
    Layer,
    LayerCapture,
    ModelGraph,
    Prediction,
    Sheet,
    Statistic,
    StepKey,
)
from tensorboard_plugin_convlens.server import wire
from tensorboard_plugin_convlens.server.numbers import number
from tensorboard_plugin_convlens.server.ranking import flag_counts, usual_flags

CLASSES_SENT = 50


def graph(record: ModelGraph) -> wire.ModelGraph:
    """A model graph."""
    return {
        "fingerprint": record.fingerprint,
        "name": record.name,
        "layers": [_layer(index, layer) for index, layer in enumerate(record.layers)],
    }


def inputs(record: InputsOutline) -> wire.Inputs:
    """A set of input images, without their pixels."""
    return {
        "fingerprint": record.fingerprint,
        "inputs": [
            {
                "index": index,
                "label": image.label,
                "pictures": [
                    {"height": height, "width": width} for height, width in image.sizes
                ],
                "classIndex": image.class_index,
            }
            for index, image in enumerate(record.inputs)
        ],
        "classNames": list(record.class_names),
        "colorOrder": record.color_order,
    }


def step_summary(key: StepKey, record: Capture) -> wire.StepSummary:
    """One step of the list of a run."""
    return {
        "step": key.step,
        "wallTime": record.wall_time,
        "session": key.session,
        "graph": record.graph,
        "inputs": record.inputs,
    }


def step(
    run: str, record: Capture, layers: Iterable[LayerCapture], class_names: tuple[str, ...]
) -> wire.Step:
    """One capture without pictures and without numbers per filter."""
    return {
        "run": run,
        "step": record.step,
        "wallTime": record.wall_time,
        "session": record.session,
        "graph": record.graph,
        "inputs": record.inputs,
        "iterations": record.iterations,
        "seconds": record.seconds,
        "layers": [_layer_summary(layer) for layer in layers],
        "predictions": [
            _prediction(index, one, class_names)
            for index, predictions in enumerate(record.predictions)
            for one in predictions
        ],
        "skipped": [{"what": one.what, "reason": one.reason} for one in record.skipped],
        "remark": record.remark,
    }


def layer_capture(
    run: str, step_number: int, record: LayerCapture, input_index: int
) -> wire.LayerCapture:
    """One layer for one input image: its sheets, statistics and guidance."""
    guidance = record.guidance
    return {
        "run": run,
        "step": step_number,
        "layer": record.layer,
        "input": input_index,
        "sheets": [_sheet(one) for one in record.sheets if one.input in (input_index, None)],
        "statistics": [
            _statistic(one) for one in record.statistics if one.input in (input_index, None)
        ],
        "flags": usual_flags(record.statistics),
        "guidance": None
        if guidance is None
        else {
            "guided": guidance.guided,
            "rectifiers": guidance.rectifiers,
            "ungated": list(guidance.ungated),
        },
    }


def history_point(
    record: Capture,
    layer: LayerCapture,
    channel: int,
    input_index: int,
    stage: StatisticStage = "after",
) -> wire.HistoryPoint:
    """The statistics of one filter at one step; of feature maps, those of `stage`."""
    return {
        "step": record.step,
        "session": record.session,
        "wallTime": record.wall_time,
        "statistics": {
            one.name: number(one.values[channel])
            for one in statistics_at(layer.statistics, stage)
            if one.input in (input_index, None) and channel < len(one.values)
        },
    }


def tile(record: Sheet, channel: int) -> wire.Tile:
    """One channel of a sheet, without its levels."""
    return {
        "method": record.method,
        "form": record.form,
        "planes": record.planes,
        "height": record.height,
        "width": record.width,
        "signed": record.signed,
        "scale": number(record.scale[channel]) or 0.0,
        "stage": record.stage or "",
        "placement": _placement(record, slice(channel, channel + 1)),
    }


def prediction_point(
    record: Capture, input_index: int, class_names: tuple[str, ...]
) -> wire.PredictionPoint:
    """The predictions of one step for one input image."""
    here = record.predictions[input_index] if input_index < len(record.predictions) else ()
    return {
        "step": record.step,
        "wallTime": record.wall_time,
        "predictions": [_prediction(input_index, one, class_names) for one in here],
    }


def _numbers(values: Iterable[float]) -> list[float | None]:
    return [number(value) for value in values]


def _layer(index: int, layer: Layer) -> wire.Layer:
    field = layer.receptive_field
    return {
        "index": index,
        "key": layer.key,
        "path": layer.path,
        "call": layer.call,
        "className": layer.class_name,
        "depth": layer.depth,
        "inbound": list(layer.inbound),
        "outputShape": list(layer.output_shape),
        "channels": layer.channels,
        "isConvolution": layer.is_convolution,
        "kernelSize": list(layer.kernel_size),
        "strides": list(layer.strides),
        "dilation": list(layer.dilation),
        "padding": layer.padding,
        "groups": layer.groups,
        "dataFormat": layer.data_format,
        "activationFunction": layer.activation_function,
        "activationStage": layer.activation_stage,
        "parameters": layer.parameters,
        "receptiveField": None
        if field is None
        else {
            "size": list(field.size),
            "stride": list(field.stride),
            "start": list(field.start),
        },
        "config": layer.config,
    }


def _layer_summary(record: LayerCapture) -> wire.LayerSummary:
    counts = count_responses(record.responses())
    return {
        "layer": record.layer,
        "methods": list(dict.fromkeys(sheet.method for sheet in record.sheets)),
        "filters": counts.filters or max((one.channels for one in record.sheets), default=0),
        "silent": counts.silent,
        "weak": counts.weak,
        "flags": flag_counts(record.statistics),
        "guided": None if record.guidance is None else record.guidance.guided,
        "rectifiers": None if record.guidance is None else record.guidance.rectifiers,
        "weights": record.weights or None,
        "unchangedSince": record.unchanged_since,
        "weightsUnchangedSince": record.weights_unchanged_since,
    }


def _sheet(record: Sheet) -> wire.Sheet:
    return {
        "method": record.method,
        "form": record.form,
        "sha256": record.sha256,
        "byteLength": record.length,
        "channels": record.channels,
        "planes": record.planes,
        "height": record.height,
        "width": record.width,
        "signed": record.signed,
        "scale": [number(value) or 0.0 for value in record.scale],
        "nan": record.nan.tolist(),
        "infinite": record.infinite.tolist(),
        "target": record.target or "",
        "stage": record.stage or "",
        "placement": _placement(record, slice(None)),
    }


def _placement(record: Sheet, channels: slice) -> wire.Placement | None:
    """Where the planes of some channels lie; None for sheets without gradients."""
    place = record.placement
    if place is None:
        return None
    return {
        "source": place.source,
        "cropped": place.cropped,
        "height": place.frame[0],
        "width": place.frame[1],
        "top": list(place.top[channels]),
        "left": list(place.left[channels]),
        "unitRow": list(place.unit_row[channels]),
        "unitColumn": list(place.unit_column[channels]),
    }


def _statistic(record: Statistic) -> wire.Statistic:
    return {
        "name": record.name,
        "perInput": record.input is not None,
        "stage": record.stage or "",
        "values": _numbers(record.values),
    }


def _prediction(
    input_index: int, record: Prediction, class_names: tuple[str, ...]
) -> wire.Prediction:
    # The names belong to each output that has as many classes.
    is_named = len(class_names) == len(record.probabilities)
    classes, omitted = record.likeliest(CLASSES_SENT)
    return {
        "input": input_index,
        "output": record.output,
        "classes": [
            {
                "classIndex": index,
                "name": class_names[index] if is_named else f"class {index}",
                "probability": probability,
            }
            for index, probability in classes
        ],
        "omitted": len(record.probabilities) - len(classes),
        "omittedProbability": omitted,
    }
