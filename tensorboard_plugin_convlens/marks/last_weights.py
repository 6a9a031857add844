"""Hashes of the weights at the last captured step, to find marks made on other weights."""

from __future__ import annotations

from collections.abc import Mapping

from tensorboard_plugin_convlens.core.errors import ConvLensError
from tensorboard_plugin_convlens.core.judgments.marks import Mark
from tensorboard_plugin_convlens.storage.reading.reader import Reader


class LastWeights:
    """Hashes of the weights of all layers; each run is read once, when first needed."""

    def __init__(self, reader: Reader) -> None:
        """Takes the log directory to read."""
        self._reader = reader
        self._runs: dict[str, Mapping[tuple[str, int], str]] = {}

    def differ_from(self, mark: Mark) -> bool | None:
        """Whether the marked filter's layer has other weights now; None if that is unknown.

        It is unknown if the mark was made without a capture, or if the last captured step of
        the run has no such layer or no hash of its weights.
        """
        key = mark.key
        if key.run not in self._runs:
            self._runs[key.run] = self._read(key.run)
        now = self._runs[key.run].get((key.path, key.call))
        then = mark.made_on.weights
        return None if now is None or then is None else now != then

    def _read(self, run: str) -> Mapping[tuple[str, int], str]:
        try:
            steps = self._reader.steps(run)
            if not steps:
                return {}
            layers = self._reader.model_graph(run, steps[-1]).layers
            captured = self._reader.capture(run, steps[-1]).layers
        except ConvLensError:
            # Marks outlive the logs that they were made on.
            return {}
        return {
            (layers[one.layer].path, layers[one.layer].call): one.weights
            for one in captured
            if one.weights
        }
