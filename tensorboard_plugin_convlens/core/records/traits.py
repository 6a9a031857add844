"""What a captured step keeps about its filters, so that the next can compute their change."""

from __future__ import annotations

from dataclasses import dataclass

from tensorboard_plugin_convlens.core.records.words import FloatArray


@dataclass(frozen=True, slots=True)
class LayerTraits:
    """The traits of the filters of one layer; see `core/filters/change.py`.

    Attributes:
      layer: Index in `ModelGraph.layers`.
      kernels: `float32 [channel, plane, height, width]`; None where the layer has no kernels
        of the usual form.
      profiles: Output profiles, `float32 [channel, number]`.
    """

    layer: int
    kernels: FloatArray | None
    profiles: FloatArray

    @property
    def size(self) -> int:
        """Bytes of the arrays."""
        return self.profiles.nbytes + (0 if self.kernels is None else self.kernels.nbytes)
