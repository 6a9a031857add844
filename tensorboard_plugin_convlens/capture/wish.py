"""What a callback was asked for, once its arguments have been checked."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from tensorboard_plugin_convlens.capture.budget import Budget
from tensorboard_plugin_convlens.capture.inputs import ModelInputs
from tensorboard_plugin_convlens.capture.options import CaptureOptions
from tensorboard_plugin_convlens.capture.schedule import Schedule
from tensorboard_plugin_convlens.capture.shown_inputs import ShownInputs


@dataclass(frozen=True)
class Wish:
    """What the callback was asked for.

    Attributes:
      log_dir, run: Where to.
      inputs, shown: The images as the model takes them, and as people see them.
      part: The model to capture where it is not the one that is trained.
      schedule, options, budget: When, what, and for how much time.
    """

    log_dir: str
    run: str
    inputs: ModelInputs
    shown: ShownInputs
    part: keras.Model | None
    schedule: Schedule
    options: CaptureOptions
    budget: Budget
