"""The last capture is of the model that `fit` leaves, whoever sets its weights at the end."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from tensorboard_plugin_convlens.recording import recorder
from tensorboard_plugin_convlens.recording.callback import ConvLensCallback
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tests.training.tiny_training import CLASSES, IMAGES, TinyTraining


@pytest.fixture(scope="module")
def training() -> TinyTraining:
    return TinyTraining()


@pytest.fixture(autouse=True)
def one_engine(training: TinyTraining, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "Engine", lambda *arguments, **named: training.engine)


class Restore(keras.callbacks.EarlyStopping):
    """The best epoch is the first: it stops after the third and restores its weights."""

    def __init__(self):
        super().__init__(monitor="worse", patience=2, restore_best_weights=True, mode="max")

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, {"worse": -epoch})


class SetWeights(keras.callbacks.Callback):
    """Sets weights that no epoch had."""

    def on_train_end(self, logs=None):
        self.model.set_weights([one * 0.5 for one in self.model.get_weights()])


class Nothing(keras.callbacks.Callback):
    """Leaves the weights alone."""


def difference(log_dir, step: int, model: keras.Model) -> float:
    """Between stored feature maps and those of the model, as a share of half a level."""
    stored = Reader(log_dir).feature_maps("train", step, "conv")
    maps = model.layers[0](IMAGES[:1]).numpy()[0].transpose(2, 0, 1)
    return float(np.abs(stored - maps).max() / (maps.max() / 508))


def remark(log_dir, step: int) -> str:
    return Reader(log_dir).capture("train", step).remark


@pytest.mark.parametrize("convlens_first", [True, False])
@pytest.mark.parametrize(
    ("freq", "steps"), [(1, (0, 1, 2, 3, 4)), (2, (0, 2, 3, 4)), ("batch:2", (0, 2, 3, 4))]
)
def test_restored_weights_are_captured_after_the_last_step_which_stays(
    training, tmp_path, convlens_first, freq, steps
):
    convlens = ConvLensCallback(tmp_path, IMAGES[:1], freq=freq, budget=None)
    callbacks = (convlens, Restore()) if convlens_first else (Restore(), convlens)
    training.fit(*callbacks, epochs=9)

    assert Reader(tmp_path).steps("train") == steps
    assert difference(tmp_path, 4, training.model) <= 1.01
    assert difference(tmp_path, 3, training.model) > 2
    assert [bool(remark(tmp_path, step)) for step in steps] == [False] * (len(steps) - 1) + [
        True
    ]
    again = "the weights of step 1 again" if freq == 1 else "other weights than after its last"
    assert again in remark(tmp_path, 4)
    assert Reader(tmp_path).capture("train", 4).iterations == 3


@pytest.mark.parametrize("convlens_first", [True, False])
def test_weights_that_no_epoch_had_are_captured_too(training, tmp_path, convlens_first):
    convlens = ConvLensCallback(tmp_path, IMAGES[:1])
    callbacks = (convlens, SetWeights()) if convlens_first else (SetWeights(), convlens)
    training.fit(*callbacks, epochs=2)

    assert Reader(tmp_path).steps("train") == (0, 1, 2, 3)
    assert difference(tmp_path, 3, training.model) <= 1.01
    assert "other weights than after its last update" in remark(tmp_path, 3)


def test_a_training_whose_weights_stay_has_no_further_step(training, tmp_path):
    training.fit(ConvLensCallback(tmp_path, IMAGES[:1]), Nothing(), epochs=2)

    assert Reader(tmp_path).steps("train") == (0, 1, 2)
    assert not any(remark(tmp_path, step) for step in (0, 1, 2))


@pytest.mark.parametrize("convlens_first", [True, False])
@pytest.mark.parametrize("swap", [None, True, False])
def test_averages_that_an_optimizer_leaves_in_the_model_are_captured(
    tmp_path, monkeypatch, convlens_first, swap
):
    monkeypatch.undo()  # A model of its own, with an engine of its own.
    training = TinyTraining()
    model = training.model
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.5, use_ema=True, ema_momentum=0.5), loss)
    convlens = ConvLensCallback(tmp_path, IMAGES[:1])
    others = [] if swap is None else [keras.callbacks.SwapEMAWeights(swap_on_epoch=swap)]
    callbacks = [convlens, *others] if convlens_first else [*others, convlens]
    model.fit(
        *(IMAGES, CLASSES),
        epochs=3,
        batch_size=4,
        verbose=0,
        callbacks=callbacks,
        validation_data=(IMAGES, CLASSES),
    )

    steps = Reader(tmp_path).steps("train")
    assert difference(tmp_path, steps[-1], model) <= 1.01
    # Behind a callback that swaps at the end of each epoch, the last epoch has them already.
    is_swapped_before = swap is True and not convlens_first
    assert steps == ((0, 1, 2, 3) if is_swapped_before else (0, 1, 2, 3, 4))


def test_a_loop_of_ones_own_with_a_list_of_callbacks_captures_what_is_left(training, tmp_path):
    convlens = ConvLensCallback(tmp_path, IMAGES[:1])
    for _ in range(2):
        callbacks = keras.callbacks.CallbackList([convlens, SetWeights()], model=training.model)
        callbacks.on_train_begin()
        for epoch in range(2):
            callbacks.on_epoch_begin(epoch)
            training.model.train_on_batch(IMAGES, CLASSES)
            callbacks.on_epoch_end(epoch)
        callbacks.on_train_end()
        assert Reader(tmp_path).steps("train") == (0, 1, 2, 3)
        assert difference(tmp_path, 3, training.model) <= 1.01


def test_a_list_that_is_used_for_two_trainings_captures_both(training, tmp_path):
    callbacks = keras.callbacks.CallbackList(
        [ConvLensCallback(tmp_path, IMAGES[:1]), SetWeights()], model=training.model, epochs=2
    )
    for _ in range(2):
        training.model.fit(
            *(IMAGES, CLASSES), epochs=2, batch_size=4, verbose=0, callbacks=callbacks
        )
        assert Reader(tmp_path).steps("train") == (0, 1, 2, 3)
        assert difference(tmp_path, 3, training.model) <= 1.01


def test_hooks_that_are_called_by_hand_capture_the_model_at_the_last_of_them(
    training, tmp_path
):
    convlens = ConvLensCallback(tmp_path, IMAGES[:1])
    convlens.set_model(training.model)
    convlens.on_train_begin()
    convlens.on_epoch_begin(0)
    training.model.train_on_batch(IMAGES, CLASSES)
    convlens.on_epoch_end(0)
    training.model.set_weights([one * 0.5 for one in training.model.get_weights()])
    convlens.on_train_end()

    assert Reader(tmp_path).steps("train") == (0, 1, 2)
    assert difference(tmp_path, 2, training.model) <= 1.01


def test_a_training_that_goes_on_leaves_the_extra_step_behind(training, tmp_path):
    convlens = ConvLensCallback(tmp_path, IMAGES[:1])
    training.fit(convlens, SetWeights(), epochs=2)
    training.model.fit(
        *(IMAGES, CLASSES),
        epochs=3,
        initial_epoch=2,
        batch_size=4,
        verbose=0,
        callbacks=[convlens],
    )

    reader = Reader(tmp_path)
    assert reader.steps("train") == (0, 1, 2, 3)
    assert not remark(tmp_path, 3)
    assert difference(tmp_path, 3, training.model) <= 1.01


def test_a_fit_without_an_epoch_captures_nothing_and_hides_nothing(training, tmp_path):
    convlens = ConvLensCallback(tmp_path, IMAGES[:1])
    training.fit(convlens, epochs=2)
    training.model.fit(
        *(IMAGES, CLASSES), epochs=2, initial_epoch=2, verbose=0, callbacks=[convlens]
    )
    assert Reader(tmp_path).steps("train") == (0, 1, 2)
