"""The routes of marks, the only ones that change anything: check, look up, apply, answer."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

import msgspec
from werkzeug.wrappers import Request, Response

from tensorboard_plugin_convlens.core.errors import NotCapturedError, StoreError
from tensorboard_plugin_convlens.core.judgments.mark_limits import LARGEST_NUMBER, check_number
from tensorboard_plugin_convlens.core.judgments.marks import FilterKey, MadeOn, Operation
from tensorboard_plugin_convlens.core.records import StepKey
from tensorboard_plugin_convlens.marks.address import StoreAddress
from tensorboard_plugin_convlens.marks.current import Current, Events
from tensorboard_plugin_convlens.server import marks_to_wire, params, wire
from tensorboard_plugin_convlens.server.captures import Captures, StepOf
from tensorboard_plugin_convlens.server.respond import Handler, as_json

if TYPE_CHECKING:
    from tensorboard_plugin_convlens.marks.store import MarkStore

Body = TypeVar("Body")


class MarkRoutes:
    """The handlers, for the current captures and one store of marks."""

    def __init__(
        self,
        captures: Captures,
        address: StoreAddress | str,
        why_read_only: Callable[[Request], str],
    ) -> None:
        """Takes the address of the marks (or why there is none), and who may refuse changes."""
        self._captures = captures
        self._address = None if isinstance(address, str) else address
        self._no_store = address if isinstance(address, str) else ""
        self._why_read_only = why_read_only

    def reading(self) -> dict[str, Handler]:
        """The routes that change nothing."""
        return {"/marks": self._marks, "/mark_history": self._history}

    def writing(self) -> dict[str, Handler]:
        """The routes that change marks."""
        return {"/mark": self._mark, "/undo": self._undo}

    def close(self) -> None:
        """Closes the database; the next request opens it again."""
        if self._store is not None:
            self._store.close()

    @cached_property
    def _store(self) -> MarkStore | None:
        # SQLAlchemy is imported when marks are first asked for, not when TensorBoard starts.
        from tensorboard_plugin_convlens.marks.store import MarkStore

        return None if self._address is None else MarkStore(self._address)

    def _marks(self, request: Request) -> Response:
        run = params.run(request.args)
        since = params.optional_number(request.args, "since")
        store = request.args.get("store", "")
        return as_json(request, self._current(request, run, since, store))

    def _history(self, request: Request) -> Response:
        run, path = params.run(request.args), params.layer_path(request.args)
        call, channel = (params.number(request.args, name) for name in ("call", "channel"))
        key = FilterKey(run, path, call, channel)
        events = self._store.history(key) if self._store else Events()
        body: wire.MarkHistory = {
            "run": run,
            "path": path,
            "call": call,
            "channel": channel,
            "events": [marks_to_wire.mark_event(one) for one in events.found],
            "leftOut": list(events.left_out),
        }
        return as_json(request, body)

    def _mark(self, request: Request) -> Response:
        body = decode(request, wire.MarkRequest)
        check_number(body["base"], "The base", LARGEST_NUMBER)
        looked_at = StepOf(body["run"], StepKey(body["step"], body["session"]))
        looked_at = params.checked_step(looked_at)
        operation = Operation(body["operation"], "mark", body["author"])
        marks = marks_to_wire.marks_from_request(
            body, time.time(), lambda key: self._made_on(looked_at, key)
        )
        self._writable().apply(operation, marks, body["base"])
        return as_json(request, self._current(request, body["run"], body["base"], None))

    def _undo(self, request: Request) -> Response:
        body = decode(request, wire.UndoRequest)
        check_number(body["since"], "The sequence since which", LARGEST_NUMBER)
        operation = Operation(body["operation"], "undo", body["author"], body["undoes"])
        self._writable().undo(operation)
        return as_json(request, self._current(request, body["run"], body["since"], None))

    def _writable(self) -> MarkStore:
        if self._store is None:
            raise StoreError(self._no_store)
        return self._store

    def _current(self, request: Request, run: str, since: int, store: str | None) -> wire.Marks:
        """The marks after `since`, or all if `since` belongs to another store."""
        read_only = self._why_read_only(request)
        place, events, left_out = self._read(run, since)
        if since > place.sequence or (since and store not in (None, place.store)):
            since = 0
            place, events, left_out = self._read(run, since)
        return {
            "run": run,
            "store": place.store,
            "sequence": place.sequence,
            "since": since,
            "marks": [marks_to_wire.mark(one) for one in events],
            "leftOut": list(left_out),
            "writing": self._writing(read_only),
            "author": _own_name() if not read_only else "",
        }

    def _read(self, run: str, since: int) -> Current:
        return self._store.current(run, since=since) if self._store else Current()

    def _writing(self, read_only: str) -> wire.Writing:
        reason = read_only or self._no_store
        if not reason and self._store is not None:
            try:
                self._store.check_place()
            except StoreError as error:
                reason = str(error)
        return {"allowed": not reason, "reason": reason}

    def _made_on(self, step: StepOf, key: FilterKey) -> MadeOn:
        """The capture of a filter; raises `NotCapturedError` if there is none."""
        outline = self._captures.outline(step)
        layers = self._captures.graph(step.run, outline.graph).layers
        for index, layer in enumerate(layers):
            if (layer.path, layer.call) == (key.path, key.call):
                if key.channel >= (layer.channels or 0):
                    break
                weights = self._captures.weights(step, index)
                return MadeOn(step.key.step, outline.graph, weights or None)
        raise NotCapturedError(f"There is no {key} at step {step.key.step}.")


def decode(request: Request, shape: type[Body]) -> Body:
    """The JSON body of a request as a TypedDict, with every key and no other.

    Raises:
      BadParameterError: The body is not JSON, or has another shape.
    """
    try:
        raw = msgspec.json.decode(request.get_data())
        body = msgspec.convert(raw, shape)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise params.BadParameterError(
            f"The body of the request is malformed: {error}."
        ) from error
    if raw != body:
        raise params.BadParameterError(
            "The body of the request is malformed: it has keys that the route does not know."
        )
    return body


def _own_name() -> str:
    """The name of the user that TensorBoard runs as, or empty."""
    try:
        return getpass.getuser()[:100]
    except (OSError, KeyError, ImportError):
        return ""
