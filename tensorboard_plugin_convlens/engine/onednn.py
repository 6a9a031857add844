"""Whether TensorFlow computes with oneDNN in this process: the faster way, by measurement.

TensorFlow's CPU has two kinds of code for convolutions, its own and oneDNN's, and chooses when
it is imported: by `TF_ENABLE_ONEDNN_OPTS`, else by whether the processor has AVX-512. No rule
says which one is faster for gradients. So two processes time some convolutions, once for each
processor and version of TensorFlow, and a file keeps the answer. This module does not import
TensorFlow.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import json
import math
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from tensorboard_plugin_convlens.core.errors import StorageError
from tensorboard_plugin_convlens.storage.filesystem import make_directory, write_file

SWITCH = "TF_ENABLE_ONEDNN_OPTS"

_TRIAL = "tensorboard_plugin_convlens.engine.onednn_trial"
_ROUNDS = 5
_WORTHWHILE = 1.1
"""A smaller difference is left to TensorFlow."""

_MOST_SECONDS = 60.0
"""Seconds after which a measurement is abandoned, and TensorFlow's own choice kept."""


def choose_onednn(*, measure: bool) -> None:
    """Sets `TF_ENABLE_ONEDNN_OPTS` for the TensorFlow that this process will import.

    A setting of the user stays. TensorFlow's own choice stays where nothing is known, where
    both are about as fast, and where no file can keep the answer: measuring at every start
    would cost more than it gains.

    Args:
      measure: Whether to measure if nothing is known, in about ten seconds.
    """
    if SWITCH in os.environ or "tensorflow" in sys.modules:
        return
    if importlib.util.find_spec("tensorflow") is None:
        return
    path, key = cache_directory() / "onednn.json", _key()
    known = _read(path)
    if key not in known:
        if not measure or not _keep(path, known):
            return
        known[key] = measured_setting()
        _keep(path, known)
    if known[key] in ("0", "1"):
        os.environ[SWITCH] = known[key]


def measured_setting() -> str:
    """The faster one: "1" oneDNN, "0" TensorFlow's own code, "" neither or unknown."""
    print(
        "convlens: measures once, for a few seconds, which of TensorFlow's kernels are faster "
        f"on this machine (set {SWITCH}=0 or 1 to choose them yourself)",
        file=sys.stderr,
    )
    with contextlib.ExitStack() as stack:
        trials = [stack.enter_context(_trial(setting)) for setting in ("0", "1")]
        # In turns: what else the machine does meanwhile falls on both.
        rounds = [[_seconds(trial) for trial in trials] for _ in range(_ROUNDS)]
    own, onednn = (min(column) for column in zip(*rounds, strict=True))
    if onednn * _WORTHWHILE < own < math.inf:
        return "1"
    return "0" if own * _WORTHWHILE < onednn < math.inf else ""


@contextlib.contextmanager
def _trial(setting: str) -> Iterator[subprocess.Popen[str]]:
    """A waiting process with one of the settings; it ends when the block does, in any case."""
    # On a graphics card neither is used.
    environment = os.environ | {SWITCH: setting, "CUDA_VISIBLE_DEVICES": "-1"}
    process = subprocess.Popen(
        [sys.executable, "-m", _TRIAL],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    )
    limit = threading.Timer(_MOST_SECONDS, process.kill)
    limit.start()
    try:
        yield process
    finally:
        limit.cancel()
        process.kill()
        process.communicate()


def _seconds(trial: subprocess.Popen[str]) -> float:
    """CPU seconds of one more pass; infinite if the trial has ended."""
    assert trial.stdin is not None
    assert trial.stdout is not None
    try:
        print(file=trial.stdin, flush=True)
        return float(trial.stdout.readline())
    except (OSError, ValueError):
        return math.inf


def cache_directory() -> Path:
    """Where ConvLens keeps its measurements of this machine."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "convlens"


def _read(path: Path) -> dict[str, str]:
    """The answers in the file; none if it is missing or cannot be read."""
    try:
        return _parse(path.read_bytes())
    except OSError:
        return {}


def _parse(content: bytes) -> dict[str, str]:
    """The answers in a file; none if it is damaged."""
    try:
        known = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {key: setting for key, setting in known.items() if setting in ("", "0", "1")}


def _keep(path: Path, known: dict[str, str]) -> bool:
    """Writes all answers; False if that failed."""
    try:
        make_directory(path.parent)
        write_file(path, json.dumps(known).encode())
    except StorageError:
        return False
    return True


def _key() -> str:
    """What the answer depends on: TensorFlow, the processor and the number of its cores."""
    versions = []
    for name in ("tensorflow", "tensorflow-cpu"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions.append(importlib.metadata.version(name))
    facts = [*versions, platform.machine(), processor(), *instruction_sets()]
    facts += [str(cores()), os.environ.get("ONEDNN_MAX_CPU_ISA", "")]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()


def cores() -> int:
    """How many cores this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def processor() -> str:
    """The model of the CPU; Linux has it only in a file."""
    return _about_processor("model name") or platform.processor() or platform.machine()


def instruction_sets() -> list[str]:
    """The instruction sets that convolutions use, as far as Linux lists them."""
    flags = _about_processor("flags").split()
    named = {
        "avx2": "AVX2",
        "avx512f": "AVX-512",
        "avx512_bf16": "AVX-512 BF16",
        "amx_bf16": "AMX BF16",
    }
    return [name for flag, name in named.items() if flag in flags]


def _about_processor(what: str) -> str:
    """A line of `/proc/cpuinfo` about the first core."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(what))
    return next(found, "")
