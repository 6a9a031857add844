"""The view of a pass that goes back from single units, through the windows that they see.

Every unit of a block has its own window of each tensor, all of one size (`unit_windows.py`).
For 64 units that see 12 by 12 of a tensor, a mask `[1, 224, 224, 64]` becomes
`[64, 1, 12, 12, 64]`: one for each filter, which is why it lies like the cotangent.
"""

from __future__ import annotations

from collections.abc import Mapping

from tensorboard_plugin_convlens.engine.residuals.active_residuals import ActiveResiduals
from tensorboard_plugin_convlens.engine.residuals.residuals import Derived
from tensorboard_plugin_convlens.engine.residuals.unit_windows import UnitWindows, with_margin
from tensorboard_plugin_convlens.tracing.types import TensorId, Value


class WindowedResiduals(ActiveResiduals):
    """Values of the forward pass in the windows of a block of units."""

    def __init__(
        self, active: ActiveResiduals, windows: Mapping[TensorId, UnitWindows]
    ) -> None:
        """Takes the view whose values it cuts into windows.

        Args:
          active: The other view.
          windows: `id` of a tensor → the windows of the block on it.
        """
        super().__init__(active.forward, active.channels, guided=active.guided)
        self._windows = windows

    def look(self, derived: Derived, windows: UnitWindows | None = None) -> Value:
        """The windows of a value.

        Args:
          derived: The value.
          windows: Which; by default those of the block on the tensor that it lies like.

        Returns:
          `[filter, 1, height, width, channel]`; `[1, 1, height, width, channel]` where every
          window is the whole tensor; the value itself where it has no height and width.
        """
        if derived.like is None:
            return super().look(derived)
        windows = self._windows[id(derived.like)] if windows is None else windows
        narrow = self.narrowed(derived)
        if windows.is_whole():
            value = self.forward.derived(narrow.key, narrow.make)
            return value if _has_no_places(value) else _with_batch(value)[None]
        # Gathering needs a margin around the value. The value is kept with it, not without.
        has_places, value = self.forward.derived(
            ("margin", narrow.key), lambda: _with_margin(narrow.make())
        )
        return windows.gather(value) if has_places else value


def _has_no_places(value: Value) -> bool:
    return bool(value.shape.rank < 3 or tuple(value.shape[-3:-1]) == (1, 1))


def _with_batch(value: Value) -> Value:
    """A slope per place and channel, as in PReLU, lacks the axis."""
    return value[None] if value.shape.rank == 3 else value


def _with_margin(value: Value) -> tuple[bool, Value]:
    """Whether a value has height and width; the value, with a margin of zeros if it has."""
    if _has_no_places(value):
        return False, value
    return True, with_margin(_with_batch(value), 0)
