"""One layer of a step: the places of its pictures, and its statistics."""

from __future__ import annotations

from typing import TypedDict

from tensorboard_plugin_convlens.server.wire.failure import Failure
from tensorboard_plugin_convlens.server.wire.ranking import Flag
from tensorboard_plugin_convlens.server.wire.words import Form, MapStage, Method, Target


class Placement(TypedDict):
    """Where the crop of each channel lies in the input, and its target unit.

    `height` and `width` are what one plane covers, in input pixels: the plane itself may
    be smaller (a reduced magnitude). All lists have one entry per channel. `source` is
    the index of the picture in `InputImage.pictures` that the crop lies in. `cropped` is false
    if the planes cover the whole input; outside of a crop the gradient is zero.
    """

    source: int
    cropped: bool
    height: int
    width: int
    top: list[int]
    left: list[int]
    unitRow: list[int]
    unitColumn: list[int]


class Sheet(TypedDict):
    """One sheet; its planes are at /sheet: `uint8 [channels, planes, height, width]`.

    Level 0 is "not finite". Signed: value = (level - 128) / 127 * scale. Unsigned:
    value = (level - 1) / 254 * scale. `scale`, `nan`, `infinite`: one per channel.
    `stage` says where feature maps stand: a layer may have a sheet "before" and one "after"
    the activation function that a later layer applies. "": no maps, or unknown.
    """

    method: Method
    form: Form
    sha256: str
    byteLength: int
    channels: int
    planes: int
    height: int
    width: int
    signed: bool
    scale: list[float]
    nan: list[int]
    infinite: list[int]
    target: Target
    stage: MapStage
    placement: Placement | None


class Statistic(TypedDict):
    """One number per filter; `perInput` tells whether it describes the requested input image.

    `stage` is that of the feature map that it describes, as in a `Sheet`; "" if there is none,
    or if it is an old capture without stages.
    """

    name: str
    perInput: bool
    stage: MapStage
    values: list[float | None]


class Guidance(TypedDict):
    """Guided `guided` of `rectifiers`; activation functions without a gate by name."""

    guided: int
    rectifiers: int
    ungated: list[str]


class LayerCapture(TypedDict):
    """Answer of /layer: one layer, at one step, for one input image.

    `flags` are over all captured inputs, at the default thresholds of /flags.
    """

    run: str
    step: int
    layer: int
    input: int
    sheets: list[Sheet]
    statistics: list[Statistic]
    flags: list[Flag]
    guidance: Guidance | None


class Tile(TypedDict):
    """One filter of a sheet: the fields of `Sheet` for its channel alone.

    The lists of `placement` have one entry.
    """

    method: Method
    form: Form
    planes: int
    height: int
    width: int
    signed: bool
    scale: float
    stage: MapStage
    placement: Placement | None


class Tiles(TypedDict):
    """Head of the answer of /tiles: one entry per requested tile, in their order.

    `null`: not captured. A failure: it could not be read, and why. After the head the levels
    of every `Tile` follow in the same order, each `uint8 [planes, height, width]`.
    """

    tiles: list[Tile | Failure | None]
