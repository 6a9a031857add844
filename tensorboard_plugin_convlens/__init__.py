"""ConvLens: look inside trained convolutional networks in TensorBoard.

The public names are loaded when they are first used, for TensorBoard imports this package
at every start: `import tensorboard_plugin_convlens` imports neither TensorFlow nor NumPy.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tensorboard_plugin_convlens.annotations.marks import Marks
    from tensorboard_plugin_convlens.capture.callback import ConvLensCallback
    from tensorboard_plugin_convlens.capture.capture import CaptureSession, capture
    from tensorboard_plugin_convlens.capture.functions import feature_maps, guided_gradients
    from tensorboard_plugin_convlens.capture.tested_verdicts import ablate
    from tensorboard_plugin_convlens.storage import summary
    from tensorboard_plugin_convlens.storage.reader import Reader

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
    "CaptureSession": "capture.capture",
    "ConvLensCallback": "capture.callback",
    "Marks": "annotations.marks",
    "Reader": "storage.reader",
    "ablate": "capture.tested_verdicts",
    "capture": "capture.capture",
    "feature_maps": "capture.functions",
    "guided_gradients": "capture.functions",
}


def __getattr__(name: str) -> object:
    """Loads a public name at its first use."""
    if name == "summary":
        value: object = import_module(f"{__name__}.storage.summary")
    elif name in _MODULE_OF_NAME:
        value = getattr(_load(name), name)
        if name == "capture":
            _lend_modules(value)
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


def _lend_modules(function: Any) -> None:
    """Makes the modules of the sub-package `capture` attributes of the function, too.

    `import tensorboard_plugin_convlens.capture.engine as engine` walks over attributes, and
    finds the function on its way. Attributes of functions are kept in a dictionary that may
    be any; with that of the sub-package, modules imported later are there as well.
    """
    function.__dict__ = vars(import_module(f"{__name__}.capture"))


def __dir__() -> list[str]:
    """The names of this module, those not yet loaded among them."""
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """This package, whose attribute `capture` is the function, never the sub-package.

    Importing a sub-package sets it as an attribute of its parent. Here that would put the
    sub-package `capture` in the place of the public function of that name, depending on
    what was imported first (docs/decisions/0011). `from … import` finds both.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name == "capture" and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
