"""What to capture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.core.records import Asked, Target

CapturedMethod = Literal["activation", "guided", "gradient", "kernel"]
DEFAULT_METHODS: tuple[CapturedMethod, ...] = ("activation", "guided", "kernel")


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """What to capture.

    Attributes:
      layers: Keras paths of convolutions, or patterns (`"block3_*"`); None for all.
      methods: Which of `"activation"`, `"guided"`, `"gradient"`, `"kernel"`.
      target: Target of the gradients: `"max"`, the strongest unit, or `"sum"`, the whole map.
    """

    layers: tuple[str, ...] | None
    methods: tuple[CapturedMethod, ...]
    target: Target

    @property
    def asked(self) -> Asked:
        """The form that is kept with a capture."""
        return Asked(self.methods, self.target, self.layers)


def build_options(
    layers: Sequence[str] | str | None, methods: Sequence[str], target: str
) -> CaptureOptions:
    """Checks what the user asked for, before ConvLens looks at a model.

    Raises:
      InputError: An unknown method or target, or none.
    """
    known = get_args(CapturedMethod)
    asked = (methods,) if isinstance(methods, str) else tuple(methods)
    unknown = [method for method in asked if method not in known]
    if unknown or not asked:
        raise InputError(
            f"methods must be some of {', '.join(map(repr, known))}; got {asked!r}."
        )
    if target not in get_args(Target):
        raise InputError(f'target must be "max" or "sum"; got {target!r}.')
    chosen = (layers,) if isinstance(layers, str) else layers
    return CaptureOptions(
        layers=None if chosen is None else tuple(chosen),
        methods=tuple(dict.fromkeys(asked)),  # type: ignore[arg-type]  # checked above
        target=target,  # type: ignore[arg-type]  # checked above
    )
