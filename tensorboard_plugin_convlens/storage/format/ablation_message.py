"""Converts `Ablation` records to protobuf messages and back."""

from __future__ import annotations

from collections.abc import Iterable

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.core.judgments.ablation import (
    Ablation,
    Choice,
    Fill,
    Filters,
    LayerAblation,
)
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.names import FORMAT_VERSION
from tensorboard_plugin_convlens.storage.format.sealed import checked_fingerprint, checked_time

_FILLS: dict[Fill, pb.Fill] = {"zero": pb.ZERO, "mean": pb.MEAN}


def ablation_to_message(ablation: Ablation) -> pb.Ablation:
    """The message of an ablation."""
    return pb.Ablation(
        format_version=FORMAT_VERSION,
        wall_time=ablation.wall_time,
        graph_fingerprint=ablation.graph,
        step=ablation.step,
        model=ablation.model,
        samples=ablation.samples,
        seed=ablation.seed,
        metrics=ablation.metrics,
        baseline=pb.Measured(values=ablation.baseline),
        choices=[_choice_to_message(one) for one in ablation.choices],
        layers=[
            pb.LayerAblation(layer=one.layer, filters=_to_measured(one.values))
            for one in ablation.layers
        ],
    )


def ablation_from_message(message: pb.Ablation) -> Ablation:
    """The inverse of `ablation_to_message`.

    Raises:
      FormatError: A value is missing, or out of range.
    """
    metrics = tuple(message.metrics)
    if not metrics:
        raise FormatError("An ablation is damaged: it names no metric.")
    count = len(metrics)
    return Ablation(
        wall_time=checked_time(message.wall_time),
        graph=checked_fingerprint(message.graph_fingerprint),
        step=message.step if message.HasField("step") else None,
        model=message.model,
        samples=message.samples,
        seed=message.seed,
        metrics=metrics,
        baseline=_values(message.baseline, count),
        choices=tuple(_choice_from_message(one, count) for one in message.choices),
        layers=tuple(
            LayerAblation(one.layer, _all_values(one.filters, count)) for one in message.layers
        ),
    )


def _choice_to_message(choice: Choice) -> pb.AblationChoice:
    return pb.AblationChoice(
        name=choice.name,
        fill=_FILLS[choice.fill],
        filters=[
            pb.LayerFilters(layer=layer, channels=channels)
            for layer, channels in choice.filters.items()
        ],
        trials=_to_measured(choice.trials),
    )


def _choice_from_message(message: pb.AblationChoice, count: int) -> Choice:
    fills = [name for name, value in _FILLS.items() if value == message.fill]
    if not fills or not message.trials:
        raise FormatError("An ablation is damaged: a choice has no fill, or no trial.")
    filters: Filters = {one.layer: tuple(one.channels) for one in message.filters}
    return Choice(message.name, fills[0], filters, _all_values(message.trials, count))


def _to_measured(values: Iterable[tuple[float, ...]]) -> list[pb.Measured]:
    return [pb.Measured(values=one) for one in values]


def _all_values(measured: Iterable[pb.Measured], count: int) -> tuple[tuple[float, ...], ...]:
    return tuple(_values(one, count) for one in measured)


def _values(measured: pb.Measured, count: int) -> tuple[float, ...]:
    if len(measured.values) != count:
        raise FormatError(
            f"An ablation is damaged: it has {count} metrics and {len(measured.values)} values."
        )
    return tuple(measured.values)
