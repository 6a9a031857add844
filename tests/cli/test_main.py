"""The command as a person or a script calls it: real models, real files."""

from __future__ import annotations

import json
import shutil

import keras
import numpy as np
import pytest
from PIL import Image

from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.storage.reading.reader import Reader
from tests import captures


@pytest.fixture
def photographs(tmp_path):
    directory = tmp_path / "photos"
    directory.mkdir()
    random = np.random.default_rng(0)
    for name in ("b.png", "a.jpg"):
        Image.fromarray(random.integers(0, 256, (40, 60, 3)).astype(np.uint8)).save(
            directory / name
        )
    return directory


def save_model(path, seed=0):
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(4, 3, activation="relu", name="conv1"),
            layers.Conv2D(6, 3, activation="relu", name="conv2"),
        ],
        name="tiny",
    ).save(path)
    return path


def test_a_model_and_photographs_become_captures(tmp_path, photographs, capsys):
    model = save_model(tmp_path / "tiny.keras")

    status = main(
        [
            "capture",
            str(model),
            "--images",
            str(photographs),
            "--logdir",
            str(tmp_path / "logs"),
        ]
    )

    assert status == 0
    reader = Reader(tmp_path / "logs")
    assert reader.steps(".") == (0,)
    assert [image.label for image in reader.inputs(".").inputs] == ["a.jpg", "b.png"]
    out, err = capsys.readouterr()
    assert "tiny.keras: step 0, 2 layers, 10 filters, 2 input images" in out
    assert "tensorboard --logdir" in out
    assert "20/20" in err


def test_a_series_of_checkpoints_becomes_the_steps_of_one_run(tmp_path, photographs):
    for epoch in (1, 2, 10):
        save_model(tmp_path / f"m2-epoch-{epoch:02d}.keras", seed=epoch)

    main(
        [
            *("capture", str(tmp_path / "m2-epoch-*.keras"), "--images", str(photographs)),
            *("--logdir", str(tmp_path / "logs"), "--run", "series", "--layers", "conv2"),
        ]
    )

    reader = Reader(tmp_path / "logs")
    assert reader.steps("series") == (1, 2, 10)
    first, last = (reader.feature_maps("series", step, "conv2") for step in (1, 10))
    assert np.abs(first - last).max() > 0
    assert len(reader.capture("series", 1).layers) == 1


def test_preprocessing_is_the_one_that_was_asked_for(tmp_path, photographs):
    model = save_model(tmp_path / "tiny.keras")
    for how in ("raw", "unit", "caffe"):
        main(
            [
                *("capture", str(model), "--images", str(photographs), "--preprocess", how),
                *("--logdir", str(tmp_path / "logs"), "--run", how),
            ]
        )

    reader = Reader(tmp_path / "logs")
    raw, unit, caffe = (
        reader.feature_maps(how, 0, "conv1") for how in ("raw", "unit", "caffe")
    )
    assert np.allclose(unit.max() * 255, raw.max(), rtol=0.02)
    assert np.abs(caffe - raw).max() > 0.01


@pytest.mark.parametrize(
    ("asked", "order"),
    [
        (("--preprocess", "unit"), "rgb"),
        (("--preprocess", "torch"), "rgb"),
        (("--preprocess", "mobilenet_v2"), "rgb"),
        (("--preprocess", "caffe"), "bgr"),
        (("--preprocess", "vgg16"), "bgr"),
        (("--preprocess", "resnet50"), "bgr"),
        (("--preprocess", "unit", "--color-order", "bgr"), "bgr"),
    ],
)
def test_the_color_order_is_that_of_the_preprocessing_unless_it_is_given(
    tmp_path, photographs, asked, order
):
    model = save_model(tmp_path / "tiny.keras")
    main(
        [
            *("capture", str(model), "--images", str(photographs), *asked),
            *("--logdir", str(tmp_path / "logs"), "--methods", "activation"),
        ]
    )
    assert Reader(tmp_path / "logs").inputs(".").color_order == order


def test_class_names_are_read_from_a_file(tmp_path, photographs, capsys):
    model = save_model(tmp_path / "tiny.keras")
    names = tmp_path / "names.txt"
    arguments = [
        *("capture", str(model), "--images", str(photographs), "--logdir", str(tmp_path / "l")),
        *("--class-names", str(names), "--methods", "kernel"),
    ]

    names.write_text("tabby cat\n Großer Hund \n", "utf-8")
    assert main(arguments) == 0
    assert Reader(tmp_path / "l").inputs(".").class_names == ("tabby cat", "Großer Hund")

    names.write_text("tabby cat\n\ndog\n", "utf-8")
    assert main(arguments) != 0
    assert "line 2 is empty" in capsys.readouterr().err


def test_an_unreadable_picture_is_left_out_and_reported(tmp_path, photographs, capsys):
    (photographs / "broken.png").write_bytes(b"no picture")
    model = save_model(tmp_path / "tiny.keras")

    main(["capture", str(model), "--images", str(photographs), "--logdir", str(tmp_path / "l")])

    assert "left out broken.png: it cannot be read as a picture" in capsys.readouterr().err
    assert len(Reader(tmp_path / "l").inputs(".").inputs) == 2


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"model": "nothing.keras"}, "There is no model file"),
        ({"--images": "nowhere"}, "There is no directory or picture 'nowhere'"),
        ({"--layers": "conv7"}, "'conv7'"),
        ({"--preprocess": "magic"}, "There is no preprocessing 'magic'"),
        ({"--logdir": "s3://bucket"}, "local directories"),
        ({"--run": "../up"}, "leads out of the log directory"),
        ({"--step": "-3"}, "A step must lie between 0 and"),
    ],
)
def test_a_fault_is_one_sentence_on_stderr_and_status_1(
    tmp_path, photographs, capsys, monkeypatch, changed, sentence
):
    monkeypatch.chdir(tmp_path)
    save_model(tmp_path / "tiny.keras")
    asked = {"model": "tiny.keras", "--images": "photos", "--logdir": "logs"} | changed
    arguments = ["capture", asked.pop("model")]

    status = main([*arguments, *(f"{name}={value}" for name, value in asked.items())])

    error = capsys.readouterr().err
    assert status == 1
    assert error.splitlines()[-1].startswith("convlens: ")
    assert sentence in error


def test_a_file_that_is_not_a_model_is_reported(tmp_path, photographs, capsys):
    (tmp_path / "bad.keras").write_bytes(b"zip?")

    status = main(
        ["capture", str(tmp_path / "bad.keras"), f"--images={photographs}", "--logdir=logs"]
    )

    assert status == 1
    assert "Keras cannot load" in capsys.readouterr().err


def test_inspect_lists_runs_steps_layers_and_guidance(tmp_path, capsys):
    captures.write_run(tmp_path, "train", steps=(0, 5))

    assert main(["inspect", str(tmp_path)]) == 0

    out = capsys.readouterr().out
    assert "train: 2 steps" in out
    assert "steps   0, 5" in out
    assert "guided 2 of 2 rectifiers" in out
    assert "left out conv9: it has no kernel" in out


def test_inspect_json_is_for_programs(tmp_path, capsys):
    captures.write_run(tmp_path, "train", steps=(0, 5))

    main(["inspect", str(tmp_path), "--json"])

    (run,) = json.loads(capsys.readouterr().out)["runs"]
    assert [step["step"] for step in run["steps"]] == [0, 5]
    assert run["steps"][0]["layers"][0]["filters"] == captures.FILTERS


def test_inspect_lists_changes_and_unchanged_layers_and_counts_their_bytes_once(
    tmp_path, photographs, capsys
):
    logs = str(tmp_path / "logs")
    save_model(tmp_path / "tiny-1.keras")
    shutil.copy(tmp_path / "tiny-1.keras", tmp_path / "tiny-2.keras")
    models = str(tmp_path / "tiny-*.keras")
    main(["capture", models, "--images", str(photographs), "--logdir", logs])
    capsys.readouterr()

    main(["inspect", logs, "--json"])
    first, second = json.loads(capsys.readouterr().out)["runs"][0]["steps"]
    main(["inspect", logs])

    assert first["bytes"] > 0
    assert second["bytes"] == 0
    assert [one["unchangedSince"] for one in second["layers"]] == [1, 1]
    assert second["layers"][0]["kernelChange"] == [0] * 4
    assert first["layers"][0]["kernelChange"] == [None] * 4
    assert "unchanged since step 1" in capsys.readouterr().out


def test_inspect_of_an_empty_directory_says_what_to_do(tmp_path, capsys):
    assert main(["inspect", str(tmp_path)]) == 1
    assert "Add ConvLensCallback to model.fit" in capsys.readouterr().err


def test_wrong_usage_is_status_2(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["capture"])

    assert ended.value.code == 2
    assert "required" in capsys.readouterr().err


def test_debug_shows_the_traceback(tmp_path):
    with pytest.raises(Exception, match="has no ConvLens captures"):
        main(["--debug", "inspect", str(tmp_path)])
