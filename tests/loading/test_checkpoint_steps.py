"""Steps from file names: the number beside a word that names a step counts before any other."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensorboard_plugin_convlens.core.errors import InputError
from tensorboard_plugin_convlens.loading.checkpoint_steps import lone_step, steps_of

SERIES = [
    ("acc-{acc:.2f}-epoch-{step:02d}.keras", "epoch after the accuracy"),
    ("epoch-{step:02d}-loss-{acc:.2f}.keras", "epoch first"),
    ("weights.{step:02d}-{acc:.2f}.hdf5", "as Keras' documentation names weights"),
    ("weights.{step:02d}-{acc:.2f}.weights.h5", "the same with the suffix of Keras 3"),
    ("{step:02d}-{acc:.2f}.keras", "as Keras' documentation names models"),
    ("model.{step:02d}-{acc:.2f}.h5", "the same after a word"),
    ("cp-{step:04d}.weights.h5", "as TensorFlow's tutorial names checkpoints"),
    ("model_epoch{step}.keras", "no sign between"),
    ("ModelEpoch{step}.keras", "letter case"),
    ("val{acc:.3f}_ep{step}.h5", "ep"),
    ("acc{acc:.2f}_e{step:03d}.keras", "e"),
    ("iter_{step}_miou_{acc:.4f}.keras", "iter"),
    ("v2-global_step{step}.keras", "global_step"),
    ("checkpoint-{step}.keras", "checkpoint"),
    ("resnet50-ckpt-{step}.h5", "a number in the name of the network"),
    ("acc={acc:.2f}-epoch={step}.keras", "equals signs"),
    ("lr1e-4_{step}_epochs_{acc:.2f}.keras", "the number before the word"),
    ("best_{step:03d}epoch.keras", "the number before the word, no sign between"),
    ("MODEL-EPOCH-{step}.H5", "capitals"),
    ("fold1_acc{acc:.2f}_EPOCH_{step}.HDF5", "capitals after two other numbers"),
]


@pytest.mark.parametrize(("name", "what"), SERIES, ids=[what for _, what in SERIES])
def test_the_number_beside_the_word_is_the_step_alone_and_in_a_series(name, what):
    paths = [
        Path(name.format(step=step, acc=acc))
        for step, acc in ((3, 0.91), (4, 0.87), (12, 0.95))
    ]

    assert steps_of(paths) == [3, 4, 12]
    assert [lone_step(path) for path in paths] == [3, 4, 12]


WORDS = ("epoch", "Epochs", "EP", "e", "step", "global_step", "iter", "iteration", "ckpt", "cp")
NOISE = ("acc-{:.2f}", "loss{:.3f}", "lr{:.0e}", "val_{:.1f}", "v{:.0f}", "resnet{:.0f}")


@given(
    word=st.sampled_from(WORDS),
    sign=st.sampled_from(["", "-", "_", "=", ".", " ", "-_"]),
    width=st.integers(1, 6),
    around=st.tuples(*[st.lists(st.sampled_from(NOISE), max_size=2)] * 2),
    steps=st.lists(st.integers(0, 10**7), min_size=2, max_size=6, unique=True),
    numbers=st.data(),
)
def test_no_other_number_of_a_name_moves_a_step(word, sign, width, around, steps, numbers):
    paths = []
    for step in steps:
        some = [
            [one.format(numbers.draw(st.floats(0.0, 999.0))) for one in side] for side in around
        ]
        middle = f"{word}{sign}{step:0{width}d}"
        paths.append(Path("-".join([*some[0], middle, *some[1]]) + ".keras"))

    assert steps_of(paths) == steps
    assert [lone_step(path) for path in paths] == steps


@given(names=st.lists(st.text(max_size=30), min_size=1, max_size=4))
def test_any_names_give_different_steps_or_a_sentence(names):
    paths = [Path(f"{name}.keras") for name in names]
    try:
        steps = steps_of(paths)
    except InputError as error:
        assert str(error).endswith(".")
    else:
        assert len(set(steps)) == len(paths)


def test_without_such_a_word_it_is_the_whole_number_that_differs():
    assert steps_of([Path("net2-07.keras"), Path("net2-11.keras")]) == [7, 11]
    assert steps_of([Path("v1.5-7.keras"), Path("v1.6-9.keras")]) == [7, 9]


@pytest.mark.parametrize(
    "name", ["vgg16", "resnet-50", "efficientnet_v2", "acc-0.91", "lr1e-4", "timed7", "best"]
)
def test_a_single_model_without_such_a_word_is_step_0(name):
    assert lone_step(Path(f"{name}.keras")) == 0


def test_a_step_counts_where_the_epoch_is_the_same():
    names = ("epoch=3-step=1500.keras", "epoch=3-step=2000.keras")
    assert steps_of([Path(name) for name in names]) == [1500, 2000]


def test_thousands_may_be_written_as_k():
    names = ("step-500.keras", "step-9k.keras", "step-10k.keras", "step-1M.keras")
    assert steps_of([Path(name) for name in names]) == [500, 9_000, 10_000, 1_000_000]


def test_files_of_one_name_are_distinguished_by_their_directories():
    paths = [Path(f"out/run2/checkpoint-{step}/model.keras") for step in (500, 1000)]
    assert steps_of(paths) == [500, 1000]


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("a/epoch-1.keras", "b/epoch-01.keras"), ("a/epoch-1", "b/epoch-01", "same step, 1")),
        (("run1-epoch-3.keras", "run2-epoch-3.keras"), ("same step, 3",)),
        (("epoch-1.keras", "epoch-1.weights.h5", "epoch-2.keras"), ("weights.h5", "step, 1")),
        (("epoch-1.keras", "epoch-2.keras", "final.keras"), ("'final.keras'. Expected",)),
        (("acc-0.91.keras", "acc-0.87.keras"), ("cannot tell the steps", "0.91", "0.87")),
        (("a.keras", "b.keras"), ("cannot tell the steps", "--step")),
    ],
)
def test_files_with_unknown_steps_are_reported(names, told):
    with pytest.raises(InputError) as raised:
        steps_of([Path(name) for name in names])

    assert all(one in str(raised.value) for one in told), raised.value


def test_the_sentence_about_a_hundred_files_is_short():
    with pytest.raises(InputError) as raised:
        steps_of([Path(f"run{index}-epoch-3.keras") for index in range(100)])

    assert "90 more" in str(raised.value)
