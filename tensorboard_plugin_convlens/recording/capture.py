"""One capture, or a series of captures in a training loop of your own."""

from __future__ import annotations

import os
from collections.abc import Sequence

import keras

from tensorboard_plugin_convlens.core.records import Capture
from tensorboard_plugin_convlens.recording.options import DEFAULT_METHODS, build_options
from tensorboard_plugin_convlens.recording.recorder import Notes, Recorder
from tensorboard_plugin_convlens.recording.shown_inputs import build_shown_inputs
from tensorboard_plugin_convlens.recording.step_recorder import Progress
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tensorboard_plugin_convlens.tracing.model_inputs import ModelInputs


def capture(  # noqa: PLR0913  # One workflow: all of these describe one capture.
    model: keras.Model,
    inputs: ModelInputs,
    log_dir: str | os.PathLike[str],
    *,
    step: int = 0,
    run: str = ".",
    layers: Sequence[str] | str | None = None,
    methods: Sequence[str] = DEFAULT_METHODS,
    target: str = "max",
    labels: Sequence[str] | Sequence[int] | None = None,
    class_names: Sequence[str] | None = None,
    display: object | None = None,
    color_order: str = "rgb",
    progress: Progress | None = None,
) -> Capture:
    """Captures every filter of a model for a few input images, for the ConvLens tab.

    The model, its optimizer and all random states stay as they are.

    Args:
      model: A Keras model: Functional, Sequential, subclassed, nested.
      inputs: Images exactly as the model takes them, preprocessing included: an array
        `[batch, height, width, channel]`, or a list or dictionary for several inputs.
      log_dir: What TensorBoard gets as `--logdir`.
      step: Not negative: an epoch or a number of updates, for example.
      run: Name of the run: a directory below `log_dir`; `"."` is `log_dir` itself.
      layers: Keras paths of convolutions (`"block3_conv3"`, `"backbone/conv1"`) or patterns
        (`"block3_*"`); all by default.
      methods: Some of `"activation"` (feature maps), `"guided"` (guided gradients),
        `"gradient"` (plain gradients, as a control), `"kernel"` (kernel weights).
      target: What is differentiated: `"max"`, each filter's strongest unit, which depends
        only on its receptive field, or `"sum"`, the sum over its feature map.
      labels: One per image: names to show, or indices of the true classes.
      class_names: Names of the model's classes, by index.
      display: The images as people should see them, `uint8 [batch, height, width, 3]`;
        derived from `inputs` by default.
      color_order: `"bgr"` if the channels of `inputs` have that order, as after the
        `preprocess_input` of Keras' VGG16 and ResNet50; colored gradients and kernels then
        have the right colors.
      progress: Called with a layer's key and its number of filters when they are done.

    Returns:
      What was captured, without the pixels; `Reader` reads those.

    Raises:
      InputError: The inputs do not fit the model, or an argument is not one of its values.
      UnknownLayerError: The model has no such layer; the text lists the existing ones.
      NoConvolutionError: The model has no convolution to capture.
      UnsupportedModelError: The model is of a kind that cannot be captured.
      StorageError: The log directory cannot be written to.

    Example:
      >>> capture(model, images[:4], "logs", step=3)                  # doctest: +SKIP
    """
    session = CaptureSession(
        model,
        inputs,
        log_dir,
        run=run,
        layers=layers,
        methods=methods,
        target=target,
        labels=labels,
        class_names=class_names,
        display=display,
        color_order=color_order,
    )
    return session.capture(step, progress=progress)


class CaptureSession:
    """Captures of one model, step after step: for a training loop of your own.

    The model is traced only once; the function `capture` would trace it at every call.
    Only calls of the method `capture` capture anything. For `fit`, use `ConvLensCallback`.

    Example:
      >>> session = CaptureSession(model, images[:4], "logs", run="train")  # doctest: +SKIP
      >>> for epoch in range(10):                                           # doctest: +SKIP
      ...     train_one_epoch(model)
      ...     session.capture(step=epoch + 1)
    """

    def __init__(  # noqa: PLR0913  # One workflow: all of these describe what to capture.
        self,
        model: keras.Model,
        inputs: ModelInputs,
        log_dir: str | os.PathLike[str],
        *,
        run: str = ".",
        layers: Sequence[str] | str | None = None,
        methods: Sequence[str] = DEFAULT_METHODS,
        target: str = "max",
        labels: Sequence[str] | Sequence[int] | None = None,
        class_names: Sequence[str] | None = None,
        display: object | None = None,
        color_order: str = "rgb",
    ) -> None:
        """Looks at the model, and writes its graph and the input images.

        The arguments and errors are those of `capture`.
        """
        options = build_options(layers, methods, target)
        shown = build_shown_inputs(
            inputs,
            labels=labels,
            class_names=class_names,
            display=display,
            color_order=color_order,
        )
        self._model = model
        self._recorder = Recorder(model, inputs, shown, Writer(log_dir, run=run), options)
        self._recorder.prepare()

    def capture(self, step: int, *, progress: Progress | None = None) -> Capture:
        """Captures the model as it is now.

        Args:
          step: Not negative; filters are compared with the newest earlier step of the run.
          progress: See the function `capture`.

        Returns:
          What was captured, without the pixels; `Reader` reads those.

        Raises:
          StorageError: The log directory cannot be written to; nothing of the step is kept.
        """
        notes = Notes(_iterations(self._model))
        return self._recorder.capture(step, notes=notes, progress=progress).result()


def _iterations(model: keras.Model) -> int | None:
    """Updates that the model's optimizer has made, or None without one."""
    optimizer = getattr(model, "optimizer", None)
    count = getattr(optimizer, "iterations", None)
    return None if count is None else int(keras.ops.convert_to_numpy(count))
