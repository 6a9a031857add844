"""What to capture of a series of checkpoints, and the outcome of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tensorboard_plugin_convlens.core.errors import ConvLensError
from tensorboard_plugin_convlens.core.records import Capture, ColorOrder, Skipped
from tensorboard_plugin_convlens.loading.checkpoints import Checkpoint
from tensorboard_plugin_convlens.recording.options import CaptureOptions


@dataclass(frozen=True, slots=True)
class Request:
    """What to capture, as plain values that every process can have.

    Attributes:
      checkpoints: The checkpoints, by ascending step.
      architecture: The model that weights files are loaded into, or None.
      images: Photographs: a directory, or one.
      most: Largest number of photographs.
      preprocessing: See `photographs.preprocess`.
      class_names, color_order: See `shown_inputs.build_shown_inputs`.
      options: Methods, target, layers.
      log_dir, run, session: Where to write.
    """

    checkpoints: tuple[Checkpoint, ...]
    architecture: Path | None
    images: Path
    most: int
    preprocessing: str
    class_names: tuple[str, ...]
    color_order: ColorOrder
    options: CaptureOptions
    log_dir: str
    run: str
    session: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a checkpoint.

    Attributes:
      checkpoint: The checkpoint.
      what: `"captured"`, `"there"` (already, with the same weights, inputs and options), or
        `"failed"`.
      capture: The new or existing capture; None if it failed.
      fault: Why it failed.
      skipped: Photographs that it left out.
      notes: Changes to photographs that a person would not expect.
    """

    checkpoint: Checkpoint
    what: Literal["captured", "there", "failed"]
    capture: Capture | None = None
    fault: ConvLensError | None = None
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Skipped, ...] = ()
