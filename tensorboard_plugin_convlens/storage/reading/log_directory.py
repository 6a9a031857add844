"""Finds runs, steps, layers and sheets in a log directory by name."""

from __future__ import annotations

import os
from pathlib import Path

from tensorboard_plugin_convlens.core.errors import NotCapturedError
from tensorboard_plugin_convlens.core.records import Capture, LayerCapture, Sheet, StepKey
from tensorboard_plugin_convlens.storage.filesystem import local_path
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory


class LogDirectory:
    """What TensorBoard gets as `--logdir`.

    Every method except `runs` raises `NotCapturedError` if the requested part does not exist,
    and `FormatError` if it is damaged.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Nothing is read yet.

        Raises:
          StorageError: The path is a URL.
        """
        self._path = local_path(path)

    def runs(self) -> tuple[str, ...]:
        """Names of the runs that hold captures, sorted, as TensorBoard calls them."""
        found = []
        for parent, directories, _ in os.walk(self._path, followlinks=False):
            if RunDirectory(Path(parent)).exists():
                found.append(Path(parent).relative_to(self._path).as_posix())
            directories[:] = [name for name in directories if name != "plugins"]
        return tuple(sorted(found))

    def run(self, name: str) -> RunDirectory:
        """One of `runs`; lists the others only if there is no such run."""
        if self._is_name(name):
            found = RunDirectory(self._path / name)
            if found.exists():
                return found
        raise NotCapturedError(
            f"{str(self._path)!r} has no run {name!r} with captures; "
            f"it has: {', '.join(self.runs()) or 'none'}."
        )

    def _is_name(self, name: str) -> bool:
        """Whether a text can be one of `runs`: the path leads down, and through no link."""
        if name == ".":
            return True
        parts = name.split("/")
        if "\0" in name or not parts or any(one in ("", ".", "..", "plugins") for one in parts):
            return False
        return not any(
            (self._path / parent).is_symlink()
            for parent in ("/".join(parts[: end + 1]) for end in range(len(parts)))
        )

    def key(self, run: str, step: int) -> StepKey:
        """The place of a captured step of a run."""
        keys = {key.step: key for key in self.run(run).steps()}
        if step not in keys:
            known = ", ".join(map(str, keys)) or "none"
            raise NotCapturedError(f"Run {run!r} has no step {step}; it has: {known}.")
        return keys[step]

    def step(self, run: str, step: int | None) -> int:
        """The requested step, or the last one of the run."""
        if step is not None:
            return step
        keys = self.run(run).steps()
        if not keys:
            raise NotCapturedError(f"Run {run!r} has no captured step yet.")
        return keys[-1].step

    def capture(self, run: str, step: int) -> Capture:
        """Everything recorded at a step, without the pixels."""
        return self.run(run).capture(self.key(run, step))

    def layer(self, run: str, step: int, layer: str) -> LayerCapture:
        """What was captured of a layer, by its key in the model graph."""
        capture = self.capture(run, step)
        graph = self.run(run).graph(capture.graph)
        captured = {graph.layer(one.layer).key: one for one in capture.layers}
        if layer not in captured:
            raise NotCapturedError(
                f"Layer {layer!r} was not captured at step {step} of run {run!r}; "
                f"captured: {', '.join(captured) or 'none'}."
            )
        return captured[layer]

    def sheets(
        self, run: str, step: int, layer: str, method: str, input_index: int
    ) -> list[Sheet]:
        """The sheets of values, at least one; for maps, the layer's own output is first."""
        wanted = (method, "values", input_index)
        found = [
            sheet
            for sheet in self.layer(run, step, layer).sheets
            if (sheet.method, sheet.form, sheet.input) == wanted
        ]
        if not found:
            raise NotCapturedError(
                f"Layer {layer!r} has no {method} sheet for input {input_index} at step {step}."
            )
        return found
