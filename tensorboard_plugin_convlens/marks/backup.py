"""Converts everything in a store of marks to JSON and back: exact inverses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tensorboard_plugin_convlens.core.errors import MarkError
from tensorboard_plugin_convlens.core.judgments.marks import Operation, PastOperation
from tensorboard_plugin_convlens.marks.table import from_fields, to_fields


def encode(past: Iterable[PastOperation]) -> str:
    """`{"operations": […]}`: each with its id, author and time, and with all its marks."""
    return json.dumps({"operations": [_to_fields(one) for one in past]}, indent=1)


def decode(text: str) -> tuple[PastOperation, ...]:
    """The inverse of `encode`. Raises `MarkError` if something is not valid."""
    try:
        past = tuple(_from_fields(fields) for fields in json.loads(text)["operations"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise MarkError(f"This is not a backup of marks: {error!r}.") from error
    known: set[str] = set()
    for one in past:
        undoes = one.operation.undoes
        if one.operation.id in known or (undoes is not None and undoes not in known):
            raise MarkError(
                f"The backup is damaged: the operation {one.operation.id!r} occurs twice, or "
                "undoes an operation that does not come before it."
            )
        known.add(one.operation.id)
    return past


def _to_fields(past: PastOperation) -> dict[str, Any]:
    operation = past.operation
    return {
        "operation": operation.id,
        "kind": operation.kind,
        "author": operation.author,
        "undoes": operation.undoes,
        "wall_time": operation.wall_time,
        "digest": past.digest,
        "marks": [to_fields(mark) for mark in past.marks],
    }


def _from_fields(fields: Mapping[str, Any]) -> PastOperation:
    operation = Operation(
        fields["operation"],
        fields["kind"],
        fields["author"],
        fields["undoes"],
        float(fields["wall_time"]),
    )
    return PastOperation(operation, fields["digest"], tuple(map(from_fields, fields["marks"])))
