"""Ablated models against models whose kernels were zeroed by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from tensorboard_plugin_convlens.ablating.ablation import (
    AblationOptions,
    Evaluation,
    evaluations,
    measure_ablation,
)
from tensorboard_plugin_convlens.core.errors import (
    InputError,
    UnknownLayerError,
    UnsupportedModelError,
)
from tests.models import model_zoo
from tests.pruning.test_prune import chain, images, residual, with_zero_rows

SAMPLES = 50


def classes(model: keras.Model) -> Any:
    return np.random.default_rng(5).integers(0, model.outputs[0].shape[-1], SAMPLES)


def by_keras(model: keras.Model, x: Any, y: Any) -> tuple[float, float]:
    """Loss and accuracy as Keras' own evaluation gives them."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return tuple(copy.evaluate(x, y, verbose=0))


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return chain()


def test_the_whole_model_is_measured_as_keras_measures_it(model: keras.Model):
    x, y = images(model, SAMPLES), classes(model)
    evaluation = Evaluation(model, x, y, batch_size=16)
    assert evaluation.metrics == ("loss", "accuracy")
    np.testing.assert_allclose(evaluation.values({}), by_keras(model, x, y), rtol=1e-5)


def test_removed_filters_are_zero_after_normalization_and_activation(model: keras.Model):
    x, y = images(model, SAMPLES), classes(model)
    reference = with_zero_rows(model, {"second": [1, 6], "third": [0]})
    evaluation = Evaluation(model, x, y)
    got = evaluation.values({"first": (1, 6), "second": (0,)})
    np.testing.assert_allclose(got, by_keras(reference, x, y), rtol=1e-5)
    assert evaluation.values({})[0] != pytest.approx(got[0], rel=1e-3)


def test_a_channel_can_be_replaced_by_its_mean_over_the_data(model: keras.Model):
    x, y = images(model, SAMPLES), classes(model)
    inner = keras.Model(model.inputs, model.get_layer("second").output)
    mean = float(inner.predict(x, verbose=0)[..., 2].mean())
    image = keras.Input(inner.output.shape[1:])
    rest = image
    for layer in model.layers[model.layers.index(model.get_layer("second")) + 1 :]:
        rest = layer(rest)
    maps = inner.predict(x, verbose=0)
    maps[..., 2] = mean
    expected = by_keras(keras.Model(image, rest), maps, y)
    evaluation = Evaluation(model, x, y, batch_size=7)
    got = evaluation.values({"second": (2,)}, evaluation.means())
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_the_model_is_not_changed_by_being_tested(model: keras.Model):
    before = [np.array(one) for one in model.get_weights()]
    x, y = images(model, SAMPLES), classes(model)
    output = model.predict(x, verbose=0)
    measure_ablation(
        Evaluation(model, x, y), {"first": (0,)}, options=AblationOptions(repeats=2)
    )
    for was, now in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(was, now)
    np.testing.assert_array_equal(model.predict(x, verbose=0), output)


def test_each_call_of_a_shared_layer_has_filters_of_its_own():
    image = keras.Input((16, 16, 3))
    first = layers.Conv2D(4, 3, padding="same", name="first")(image)
    shared = layers.Conv2D(4, 3, padding="same", name="shared")
    relu = layers.ReLU()
    last = layers.Conv2D(3, 3, name="last")(relu(shared(relu(shared(first)))))
    model = keras.Model(image, layers.Softmax()(layers.GlobalAveragePooling2D()(last)))
    x, y = images(model, SAMPLES), classes(model)
    evaluation = Evaluation(model, x, y)
    only_last = with_zero_rows(model, {"last": [1]})
    np.testing.assert_allclose(
        evaluation.values({"shared#1": (1,)}), by_keras(only_last, x, y), rtol=1e-5
    )
    assert evaluation.values({"shared": (1,)}) != evaluation.values({"shared#1": (1,)})


def test_filters_before_a_sum_can_be_tested_though_they_cannot_be_cut_out():
    model = residual()
    x = images(model, SAMPLES)
    target = model.predict(x, verbose=0) + 1
    evaluation = Evaluation(model, x, target)
    assert evaluation.metrics == ("loss",)
    assert evaluation.values({})[0] == pytest.approx(1, rel=1e-5)
    assert evaluation.values({"trunk": (2,)})[0] != pytest.approx(1, rel=1e-2)


def test_subclassed_models_are_tested_too():
    model = model_zoo.called(model_zoo.Subclassed(), (32, 32, 3))
    x = np.random.default_rng(0).normal(size=(6, 32, 32, 3)).astype(np.float32)
    target = np.asarray(model(x))
    evaluation = Evaluation(model, x, target)
    assert len(evaluation.model.filters) == 5
    assert evaluation.values({})[0] == pytest.approx(0, abs=1e-9)
    for layer in evaluation.model.filters:
        everything = {layer: tuple(range(evaluation.model.filters[layer]))}
        assert evaluation.values(everything)[0] > 0


def test_verdicts_are_compared_with_random_filters_and_with_every_criterion(
    model: keras.Model,
):
    x, y = images(model, SAMPLES), classes(model)
    evaluation = Evaluation(model, x, y)
    options = AblationOptions(repeats=3, seed=4, layers=("third",), step=7)
    importance = {
        "l1": {"first": np.arange(8.0, dtype=np.float32)},
        "apoz": {"first": np.full(8, np.nan, np.float32)},
    }
    told: list[tuple[str, int]] = []
    marked = {"first": (7, 5), "second": ()}
    result = measure_ablation(
        evaluation,
        marked,
        importance=importance,
        options=options,
        progress=lambda *what: told.append(what),
    )
    names = [(one.name, one.fill) for one in result.choices]
    assert names == [
        (name, fill) for fill in ("zero", "mean") for name in ("marked", "random", "l1")
    ]
    chosen = {one.name: one.filters for one in result.choices}
    assert chosen["marked"] == {"first": (5, 7)}
    assert chosen["l1"] == {"first": (0, 1)}
    assert [len(one.trials) for one in result.choices] == [1, 3, 1, 1, 3, 1]
    assert result.choices[0].trials[0] == evaluation.values({"first": (5, 7)})
    (alone,) = result.layers
    assert alone.values == tuple(evaluation.values({"third": (one,)}) for one in range(5))
    assert (result.step, result.samples, result.baseline) == (7, SAMPLES, evaluation.values({}))
    # "apoz" chose nothing, twice.
    most = evaluations(evaluation, {"first": (5, 7)}, 2, options)
    assert len(told) == most - 2
    assert {total for _, total in told} == {most}
    again = measure_ablation(evaluation, marked, importance=importance, options=options)
    assert again.choices == result.choices


def test_filters_that_are_silent_or_copied_can_go_and_others_cannot():
    """Zeroing a silent filter costs nothing."""
    model = chain()
    kernel, bias = (np.array(one) for one in model.get_layer("second").get_weights())
    kernel[..., 4] = bias[4] = 0
    model.get_layer("second").set_weights([kernel, bias])
    x, y = images(model, SAMPLES), classes(model)
    evaluation = Evaluation(model, x, y)
    assert evaluation.values({"second": (4,)}) == evaluation.values({})
    assert evaluation.values({"second": (3,)}) != evaluation.values({})


@pytest.mark.parametrize(
    ("targets", "reason"),
    [
        (np.zeros(SAMPLES - 1, int), "Expected 50 targets"),
        (np.full(SAMPLES, 4), "has 4 classes"),
        (np.zeros((SAMPLES, 3)), r"Expected class indices \[batch\]"),
    ],
)
def test_targets_that_do_not_fit_are_refused(model: keras.Model, targets: Any, reason: str):
    with pytest.raises(InputError, match=reason):
        Evaluation(model, images(model, SAMPLES), targets)


def test_filters_that_are_not_there_and_nothing_at_all_are_refused(model: keras.Model):
    evaluation = Evaluation(model, images(model, SAMPLES), classes(model))
    for marked in ({"nowhere": (0,)}, {"first": (8,)}):
        with pytest.raises(UnknownLayerError, match="no filter"):
            measure_ablation(evaluation, marked)
    with pytest.raises(InputError, match="nothing to test"):
        measure_ablation(evaluation, {"first": ()})
    with pytest.raises(InputError, match="at least one random choice"):
        AblationOptions(repeats=0)


def test_models_of_several_outputs_are_refused_by_their_number():
    model = model_zoo.several_outputs()
    with pytest.raises(UnsupportedModelError, match="has 2 outputs"):
        Evaluation(model, np.zeros((2, 32, 32, 3), np.float32), np.zeros(2, int))
