"""The checked arguments of a callback."""

from __future__ import annotations

from dataclasses import dataclass

import keras

from tensorboard_plugin_convlens.recording.options import CaptureOptions
from tensorboard_plugin_convlens.recording.pace.budget import Budget
from tensorboard_plugin_convlens.recording.pace.schedule import Schedule
from tensorboard_plugin_convlens.recording.shown_inputs import ShownInputs
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs


@dataclass(frozen=True)
class Wish:
    """The checked request of a callback.

    Attributes:
      log_dir, run: Where to write.
      inputs, shown: The images as the model takes them, and as people see them.
      part: The model to capture, if it is not the trained one.
      schedule, options, budget: When and what to capture, and in how much time.
    """

    log_dir: str
    run: str
    inputs: ModelInputs
    shown: ShownInputs
    part: keras.Model | None
    schedule: Schedule
    options: CaptureOptions
    budget: Budget
