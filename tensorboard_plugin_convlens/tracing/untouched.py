"""Prevents or undoes the changes that a run makes to layers and Keras.

As in `internals.py`: means beyond Keras' documented interface, each with its reason, and with a
test in `tests/tracing/test_internals.py`.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

from keras.src.backend.common import global_state

from tensorboard_plugin_convlens.tracing import internals


class RefusedVariables(list[Any]):
    """Keras' list of the variables made in a stateless scope; refuses each one.

    Attributes:
      paths: Paths of the refused variables, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []

    def append(self, variable: Any) -> None:
        """Called by Keras for a new variable."""
        self._refuse(variable.path)

    def creator(self, next_creator: Any, **options: Any) -> Any:
        """Called by TensorFlow for a variable of its own, in a `tf.variable_creator_scope`."""
        self._refuse(str(options.get("name") or "Variable"))

    def _refuse(self, path: str) -> None:
        self.paths.append(path)
        raise RuntimeError(f"The variable {path!r} is made while the model is only looked at.")


@contextlib.contextmanager
def refused_variables() -> Iterator[RefusedVariables]:
    """Raises wherever this thread makes a variable in a `keras.StatelessScope`.

    Why Keras' list of variables without a value, which is the thread's own: it is the one
    place that every new Keras variable passes before anything of it exists. And none may stay
    in it: the end of any later scope would give it a value in a graph that is gone, and fail.
    """
    name = "uninitialized_variables"
    before = global_state.get_global_attribute(name)
    refusing = RefusedVariables()
    global_state.set_global_attribute(name, refusing)
    try:
        yield refusing
    finally:
        global_state.set_global_attribute(name, before)


def is_in_use(operation: Any) -> bool:
    """Whether a layer was built and called before."""
    return bool(getattr(operation, "built", True) and getattr(operation, "_called", True))


@contextlib.contextmanager
def kept_state(operations: list[Any]) -> Iterator[None]:
    """Puts layers that were not built or called back into that state, and Keras' counters.

    Why: building runs code of the layer, which may keep tensors of the private graph, make
    sublayers or be stopped halfway. The names that Keras gives to new layers are numbered per
    thread; the seeds of new initializers come from Python's generator, which is put back only
    where a variable was refused, for other threads may draw from it. A name that TensorFlow
    refuses stays on Keras' stack of name scopes, as the parent of all later names.
    """
    kept = [_State(operation) for operation in operations if not is_in_use(operation)]
    names = global_state.get_global_attribute("object_name_uids")
    numbers = None if names is None else dict(names)
    seed = random.getstate()
    depth = len(_name_scopes())
    try:
        yield
    except Exception:
        random.setstate(seed)
        raise
    finally:
        del _name_scopes()[depth:]
        for state in kept:
            state.restore()
        if names is not None and numbers is not None:
            names.clear()
            names.update(numbers)


def _name_scopes() -> list[Any]:
    """Scopes of this thread, from the outermost to the innermost."""
    found: list[Any] = global_state.get_global_attribute("name_scope_stack") or []
    return found


class _State:
    """The attributes of a layer, and the contents of its lists, sets and dictionaries."""

    def __init__(self, layer: Any) -> None:
        self._attributes: Any = vars(layer)
        self._before = dict(self._attributes)
        tracker = self._before.get("_tracker")
        self._tracker: Any = {} if tracker is None else vars(tracker)
        self._tracked = dict(self._tracker)
        found = [*self._before.values(), *getattr(tracker, "stored_ids", {}).values()]
        found += [store for _, store in getattr(tracker, "config", {}).values()]
        self._contents = [_Contents(value) for value in map(_unwrapped, found) if _holds(value)]

    def restore(self) -> None:
        """Attributes first, for contents are of the containers that were there before."""
        for holder, before in (
            (self._attributes, self._before),
            (self._tracker, self._tracked),
        ):
            for name in set(holder) - set(before):
                del holder[name]
            holder.update(before)
        for contents in self._contents:
            contents.restore()


def _unwrapped(value: Any) -> Any:
    """The contents of the proxies that TensorFlow makes of dictionaries."""
    return getattr(value, "__wrapped__", value) if isinstance(value, dict) else value


def _holds(value: Any) -> bool:
    return isinstance(value, (list, set, dict))


class _Contents:
    """The contents of a list, set or dictionary of a layer."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._before = self._now()

    def _now(self) -> list[Any]:
        is_dictionary = isinstance(self._container, dict)
        return list(self._container.items() if is_dictionary else self._container)

    def restore(self) -> None:
        """Past Keras' own classes, which would note it as a change of the layer."""
        if list(map(id, _flat(self._now()))) == list(map(id, _flat(self._before))):
            return
        if isinstance(self._container, (set, dict)):
            kind: Any = set if isinstance(self._container, set) else dict
            kind.clear(self._container)
            kind.update(self._container, self._before)
        elif type(self._container).__module__.startswith("keras."):
            list.__setitem__(self._container, slice(None), self._before)
        else:
            self._container[:] = self._before


def _flat(items: list[Any]) -> list[Any]:
    return [part for item in items for part in (item if isinstance(item, tuple) else (item,))]


@contextlib.contextmanager
def without_recomputation(operations: list[Any]) -> Iterator[None]:
    """Runs layers made in a `keras.RematScope` as any other.

    Why: the scope changes only what is kept for the backward pass of a training. Keras calls
    such layers in a way that TensorFlow refuses in a graph.
    """
    with internals.TRACING:
        recomputing = filter(_recomputes, operations)
        kept = [(operation, vars(operation)["_remat_mode"]) for operation in recomputing]
        for operation, _ in kept:
            vars(operation)["_remat_mode"] = None
        try:
            yield
        finally:
            for operation, mode in kept:
                vars(operation)["_remat_mode"] = mode


def _recomputes(operation: Any) -> bool:
    return vars(operation).get("_remat_mode") is not None


@contextlib.contextmanager
def kept_losses(operations: list[Any]) -> Iterator[None]:
    """Restores what `model.losses` holds: Keras empties it on entry of every call."""
    names = ("_losses", "_loss_ids")
    kept = [
        (operation, name, vars(operation)[name].copy())
        for operation in operations
        for name in names
        if name in vars(operation)
    ]
    try:
        yield
    finally:
        for operation, name, value in kept:
            current = vars(operation)[name]
            current.clear()
            (current.update if isinstance(current, set) else current.extend)(value)
