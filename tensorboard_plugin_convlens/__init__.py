"""ConvLens: look inside trained convolutional networks in TensorBoard.

The public names are loaded when they are first used, because TensorBoard imports this package
at every start: `import tensorboard_plugin_convlens` imports neither TensorFlow nor NumPy.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorboard_plugin_convlens.ablating.ablate import ablate
    from tensorboard_plugin_convlens.engine.functions import feature_maps, guided_gradients
    from tensorboard_plugin_convlens.marks.marks import Marks
    from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
    from tensorboard_plugin_convlens.recording.capture import CaptureSession, capture
    from tensorboard_plugin_convlens.storage.reading.reader import Reader
    from tensorboard_plugin_convlens.storage.writing import summary

__version__ = "0.1.0"

__all__ = [
    "CaptureSession",
    "ConvLensCallback",
    "Marks",
    "Reader",
    "__version__",
    "ablate",
    "capture",
    "feature_maps",
    "guided_gradients",
    "summary",
]

_MODULE_OF_NAME = {
    "CaptureSession": "recording.capture",
    "ConvLensCallback": "recording.callback",
    "Marks": "marks.marks",
    "Reader": "storage.reading.reader",
    "ablate": "ablating.ablate",
    "capture": "recording.capture",
    "feature_maps": "engine.functions",
    "guided_gradients": "engine.functions",
}


def __getattr__(name: str) -> object:
    """Loads a public name at its first use."""
    if name == "summary":
        value: object = import_module(f"{__name__}.storage.writing.summary")
    elif name in _MODULE_OF_NAME:
        value = getattr(_load(name), name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def _load(name: str) -> ModuleType:
    """The module of a public name; says which extra is missing without TensorFlow."""
    try:
        return import_module(f"{__name__}.{_MODULE_OF_NAME[name]}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in ("keras", "tensorflow"):
            raise
        raise ModuleNotFoundError(
            f"{name} needs {missing}, which is not installed. Install it with: "
            "pip install 'tensorboard-plugin-convlens[tensorflow]'",
            name=missing,
        ) from error


def __dir__() -> list[str]:
    """The names of this module, those not yet loaded among them."""
    return sorted({*globals(), *__all__})
