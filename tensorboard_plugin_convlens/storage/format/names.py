"""Names of the files in a run's plugin directory.

ConvLens opens only names that match these patterns, so no name in a request or a manifest can
lead to another file.
"""

from __future__ import annotations

import os
import re
import secrets
import time
from typing import Literal

from tensorboard_plugin_convlens.core.records import StepKey

PLUGIN_NAME = "convlens"
DIRECTORY = os.path.join("plugins", PLUGIN_NAME, "v1")
INDEX_TAG = "convlens/index"
FORMAT_VERSION = 1

_SESSION = r"[tc][0-9]{13}-[0-9a-f]{8}"
_FINGERPRINT = r"[0-9a-f]{64}"
_STEP = re.compile(rf"step-([0-9]{{15}})-({_SESSION})\.pb")
_PACK = re.compile(rf"pack-([0-9]{{15}})-({_SESSION})-(i[0-9]{{6}}|kernels)\.clpk")
_TRAITS = re.compile(rf"traits-([0-9]{{15}})-({_SESSION})\.pb")
_OF_SESSION = re.compile(
    rf"(?:(?:step|pack|traits)-[0-9]{{15}}|status|session)-({_SESSION})[-.].*"
)
_ABLATION = re.compile(r"ablation-[0-9]{13}-[0-9a-f]{8}\.pb")
_STATUS = re.compile(rf"status-({_SESSION})\.json")
_IS_SESSION = re.compile(_SESSION)
_IS_FINGERPRINT = re.compile(_FINGERPRINT)

_OWN = re.compile(
    rf"{_STEP.pattern}|{_PACK.pattern}|{_TRAITS.pattern}|{_ABLATION.pattern}"
    rf"|{_STATUS.pattern}"
    rf"|(?:graph|inputs)-{_FINGERPRINT}\.pb|session-{_SESSION}\.lock"
    r"|\..{1,40}\.[0-9a-z_]{8}\.tmp"
)

LATEST_MILLISECONDS = 10**13 - 1
LARGEST_STEP = 10**15 - 1
LONGEST_NAME = 100
"""The most characters of a name in a plugin directory."""


def new_session(kind: Literal["training", "capture"], milliseconds: int) -> str:
    """A new writer session: `t` or `c`, milliseconds since 1970, eight random digits.

    Sessions sort by their start. A training session abandons the later steps of earlier
    training sessions (a restart); a capture session abandons none.
    """
    return f"{kind[0]}{milliseconds:013d}-{secrets.token_hex(4)}"


def session_of(name: str) -> str | None:
    """The session of a file of a plugin directory, or None."""
    match = _OF_SESSION.fullmatch(name)
    return match[1] if match else None


def session_milliseconds(session: str) -> int:
    """When a session began: milliseconds since 1970, or later if the clock was behind."""
    return int(session[1:14])


def session_file_name(session: str) -> str:
    """Name of the file that exists while a session is being written."""
    return f"session-{session}.lock"


def session_start(session: str) -> str:
    """The part of a session by which sessions of all kinds sort."""
    return session[1:]


def is_training(session: str) -> bool:
    """Whether the session belongs to a training run (`ConvLensCallback`)."""
    return session.startswith("t")


def is_session(text: str) -> bool:
    """Whether the text has the form of a session."""
    return _IS_SESSION.fullmatch(text) is not None


def is_fingerprint(text: str) -> bool:
    """Whether the text is 64 lower-case hexadecimal digits."""
    return _IS_FINGERPRINT.fullmatch(text) is not None


def manifest_name(key: StepKey) -> str:
    """File name of the manifest of a step."""
    return f"step-{key.step:015d}-{key.session}.pb"


def parse_manifest_name(name: str) -> StepKey | None:
    """The step of a manifest file, or None for any other file."""
    match = _STEP.fullmatch(name)
    return StepKey(int(match[1]), match[2]) if match else None


def pack_name(key: StepKey, input_index: int | None) -> str:
    """File name of a pack; `input_index` None is the pack of the kernels."""
    what = "kernels" if input_index is None else f"i{input_index:06d}"
    return f"pack-{key.step:015d}-{key.session}-{what}.clpk"


def is_pack_name(name: str) -> bool:
    """Whether the text has the form of a pack's file name."""
    return _PACK.fullmatch(name) is not None


def parse_pack_name(name: str) -> StepKey | None:
    """The step of a pack file, or None for any other file."""
    match = _PACK.fullmatch(name)
    return StepKey(int(match[1]), match[2]) if match else None


def traits_name(key: StepKey) -> str:
    """File name of the traits of a step."""
    return f"traits-{key.step:015d}-{key.session}.pb"


def parse_traits_name(name: str) -> StepKey | None:
    """The step of a file of traits, or None for any other file."""
    match = _TRAITS.fullmatch(name)
    return StepKey(int(match[1]), match[2]) if match else None


def is_own_name(name: str) -> bool:
    """Whether ConvLens gives such names to files, finished or not, of a plugin directory."""
    return _OWN.fullmatch(name) is not None


def graph_name(fingerprint: str) -> str:
    """File name of a model graph."""
    return f"graph-{fingerprint}.pb"


def inputs_name(fingerprint: str) -> str:
    """File name of a set of input images."""
    return f"inputs-{fingerprint}.pb"


def new_ablation_name() -> str:
    """A new file name for an ablation; names sort by time."""
    return f"ablation-{time.time_ns() // 1_000_000:013d}-{secrets.token_hex(4)}.pb"


def is_ablation_name(name: str) -> bool:
    """Whether a file holds an ablation."""
    return _ABLATION.fullmatch(name) is not None


def status_name(session: str) -> str:
    """File name of the problems of a session."""
    return f"status-{session}.json"


def is_status_name(name: str) -> bool:
    """Whether a file holds the problems of a session."""
    return _STATUS.fullmatch(name) is not None
