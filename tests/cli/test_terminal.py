"""What commands print, to whom, and how they end: real processes, pipes and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tensorboard_plugin_convlens.cli import inspect
from tensorboard_plugin_convlens.cli.main import main
from tensorboard_plugin_convlens.cli.terminal import plain
from tensorboard_plugin_convlens.core.records import Skipped
from tensorboard_plugin_convlens.marks.marks import Marks
from tensorboard_plugin_convlens.storage.writing.writer import Writer
from tests import captures

CONVLENS = [sys.executable, "-m", "tensorboard_plugin_convlens.cli.main"]
HOSTILE = "\x1b]0;owned\x07\x1b[2J\r\nfake line\x9b31m\u202egnp.exe"
CONTROLS = ("\x1b", "\x07", "\r", "\x9b", "\u202e", "\nfake")


@pytest.fixture
def logs(tmp_path):
    captures.write_run(tmp_path / "logs", "train", steps=(0,))
    return tmp_path / "logs"


@given(text=st.text())
def test_plain_text_is_one_line_without_controls_and_keeps_the_rest(text):
    shown = plain(text)

    assert shown.isprintable() or not any(ord(one) < 32 for one in shown)
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")
    assert plain(shown) == shown
    if text.isascii() and text.isprintable():
        assert shown == text


def test_plain_text_keeps_letters_of_all_languages():
    assert plain("Größe 卷积 שלום ✓ 👍") == "Größe 卷积 שלום ✓ 👍"


def test_notes_of_other_people_reach_the_terminal_as_text(logs, tmp_path, capsys):
    with closing(Marks(logs, author=HOSTILE)) as marks:
        marks.mark("train", "conv1", [0], note=HOSTILE, verdict="useless")

    for command in (["list"], ["list", "--json"], ["history", "train", "conv1", "0"]):
        assert main(["annotate", str(logs), *command]) == 0
        out = capsys.readouterr().out
        assert "fake line" in out
        assert not any(one in out for one in CONTROLS), repr(out)


def test_names_and_reasons_in_captures_reach_the_terminal_as_text(tmp_path, capsys):
    hostile = Skipped(f"conv{HOSTILE}", f"it has no kernel{HOSTILE}")
    captures.write_step(Writer(tmp_path, run="train"), 0, skipped=(hostile,))

    assert main(["inspect", str(tmp_path)]) == 0

    out = capsys.readouterr().out
    assert out.count("fake line") == 2
    assert not any(one in out for one in CONTROLS), repr(out)


def test_faults_reach_the_terminal_as_text(tmp_path, capsys):
    assert main(["inspect", str(tmp_path / HOSTILE.replace("/", ""))]) == 1

    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert not any(one in error for one in CONTROLS), repr(error)


def ended(command, **how):
    """Runs a command whose output nobody reads to its end."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
    )
    assert process.stdout is not None
    assert process.stderr is not None
    first = process.stdout.readline()
    process.stdout.close()
    error = process.stderr.read()
    process.stderr.close()
    return first, error, process.wait(timeout=120)


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_output_may_be_read_in_part(tmp_path, more):
    many = tuple(Skipped(f"conv{index}", "it has no kernel" * 20) for index in range(3000))
    captures.write_step(Writer(tmp_path, run="train"), 0, skipped=many)

    first, error, status = ended([*CONVLENS, "inspect", str(tmp_path), *more])

    assert first
    assert error == ""
    assert status == 141


def test_help_may_be_read_in_part():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as nobody:
        done = subprocess.run(
            [*CONVLENS, "capture", "--help"], stdout=nobody, stderr=subprocess.PIPE, text=True
        )
    assert done.stderr == ""


def test_output_that_cannot_be_written_is_a_sentence(logs):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*CONVLENS, "inspect", str(logs)], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 1
    assert done.stderr.startswith("convlens: The output cannot be written: No space left")
    assert len(done.stderr.splitlines()) == 1


def test_a_terminal_without_the_letters_gets_their_numbers(logs):
    with closing(Marks(logs)) as marks:
        marks.mark("train", "conv1", [0], note="Größe ✓")

    done = subprocess.run(
        [*CONVLENS, "annotate", str(logs), "list"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )

    assert done.returncode == 0, done.stderr
    assert rb"Gr\xf6\xdfe \u2713" in done.stdout


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """A photograph, and more checkpoints than are captured before the interruption."""
    directory = tmp_path_factory.mktemp("series")
    Image.new("RGB", (64, 64), "red").save(directory / "red.png")
    layers = [keras.layers.Conv2D(16, 3, activation="relu") for _ in range(4)]
    model = keras.Sequential([keras.Input((64, 64, 3)), *layers])
    for epoch in range(12):
        model.save(directory / f"epoch-{epoch}.keras")
        model.layers[0].bias.assign_add([0.1] * 16)
    return directory


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interruption_ends_without_a_trace(series, tmp_path, jobs):
    command = [*CONVLENS, "capture", str(series / "epoch-*.keras"), "--jobs", jobs]
    command += ["--images", str(series / "red.png"), "--logdir", str(tmp_path)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # What Ctrl-C reaches is a group of its own.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while not list(tmp_path.rglob("step-*.pb")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)

    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=120)

    assert process.returncode == 130
    assert "Traceback" not in out + error, error
    assert "KeyboardInterrupt" not in out + error, error
    assert len(list(tmp_path.rglob("step-*.pb"))) < 12


@pytest.fixture
def interruptible():
    """Ctrl-C as Python starts with it; a shell makes what runs in the background deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_that_a_library_swallows_ends_the_command(monkeypatch, capsys):
    def swallows(arguments):
        try:
            signal.raise_signal(signal.SIGINT)
        except BaseException:
            print("goes on")

    monkeypatch.setattr(inspect, "run", swallows)

    assert main(["inspect", "logs"]) == 130
    assert capsys.readouterr().out == "goes on\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_backend_of_the_users_programs_is_not_that_of_a_command(series, tmp_path):
    settings = tmp_path / "keras"
    settings.mkdir()
    (settings / "keras.json").write_text('{"backend": "jax"}')
    for place, wanted in (("variable", {"KERAS_BACKEND": "torch"}), ("file", {})):
        command = [*CONVLENS, "capture", str(series / "epoch-3.keras")]
        command += ["--images", str(series / "red.png"), "--logdir", str(tmp_path / place)]
        known = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=known | {"KERAS_HOME": str(settings)} | wanted,
        )
        assert done.returncode == 0, done.stderr
        assert "step 3, 4 layers" in done.stdout


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\n\n", b"a,b\n1,2\n"])
@pytest.mark.parametrize("name", ["marks.csv", "marks.json"])
def test_a_file_without_marks_is_not_taken_for_marks_that_are_there(
    logs, tmp_path, capsys, content, name
):
    (tmp_path / name).write_bytes(content)

    assert main(["annotate", str(logs), "import", str(tmp_path / name)]) == 1

    error = capsys.readouterr().err
    assert "is not a mark" in error or "not JSON with marks" in error


def test_an_export_of_no_marks_is_taken_in_as_none(logs, tmp_path, capsys):
    file = str(tmp_path / "marks.csv")
    assert main(["annotate", str(logs), "export", file]) == 0

    assert main(["annotate", str(logs), "import", file]) == 0

    assert "There are no marks in" in capsys.readouterr().out
