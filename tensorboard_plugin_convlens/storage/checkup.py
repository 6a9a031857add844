"""Checks the files of a run and lists problems as sentences; changes nothing."""

from __future__ import annotations

import os
import stat
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tensorboard_plugin_convlens.core.errors import ConvLensError, FormatError
from tensorboard_plugin_convlens.core.records import Capture, Sheet, StepKey
from tensorboard_plugin_convlens.storage.filesystem import list_directory
from tensorboard_plugin_convlens.storage.format import names
from tensorboard_plugin_convlens.storage.format.pack import decode_sheet
from tensorboard_plugin_convlens.storage.reading.run_directory import RunDirectory
from tensorboard_plugin_convlens.storage.reading.superseded import began_at, describe_hidden
from tensorboard_plugin_convlens.storage.reading.tile import segment_place
from tensorboard_plugin_convlens.storage.reading.traits_file import read_traits
from tensorboard_plugin_convlens.storage.writing.discovery import find_announcement
from tensorboard_plugin_convlens.storage.writing.litter import find_litter

Fix = Literal["remove", "announce", ""]
Advance = Callable[[], None]

_CLOCK_SECONDS = 60
_HIDDEN = (
    "By its clock, another training began later and captured or abandoned the same steps. If "
    "this one was the later one, move the step-….pb files of the other out of the plugin "
    "directory; leave its packs, because other steps may need them."
)
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a run.

    Attributes:
      file: Name in the plugin directory, or "" for the run itself.
      problem: What is wrong, as a sentence.
      advice: What a person can do, or what `fix` would do, as a sentence.
      fix: A repair that loses nothing; "" if there is none.
    """

    file: str
    problem: str
    advice: str
    fix: Fix = ""


def check_run(run_directory: Path, advance: Advance = lambda: None) -> Iterator[Finding]:
    """The problems of a run that has a plugin directory.

    Args:
      run_directory: The run's own directory.
      advance: Called after every manifest.

    Raises:
      StorageError: A directory cannot be read.
    """
    directory = run_directory / names.DIRECTORY
    run = RunDirectory(run_directory)
    if not run.exists():
        problem = "The plugin directory is a link out of the run, or not a directory."
        yield Finding("", problem, "Nothing in it is shown. Move the files into the run.")
        return
    if find_announcement(run_directory) is None:
        yield Finding(
            "",
            "The run has no discovery event, so TensorBoard and the tab do not list it.",
            "ConvLens can write it.",
            "announce",
        )
    found = sorted(list_directory(directory))
    yield from _check_kinds(directory, found)
    yield from _check_litter(directory)
    yield from _check_manifests(run, directory, found, advance)
    hidden = run.hidden()
    for session in hidden:
        problem = f"No step of the training that began {began_at(session)} UTC is shown."
        yield Finding(f"step-*-{session}.pb", problem, _HIDDEN)
    for problem in set(run.problems()) - {describe_hidden(hidden)}:
        yield Finding("", problem, "A session of the run or one of its files reports this.")


def _check_kinds(directory: Path, found: list[str]) -> Iterator[Finding]:
    """Links, directories, unreadable files, and files that are not ours."""
    if not os.access(directory, os.W_OK):
        advice = "Nothing can be captured into the run. Give yourself permission to write."
        yield Finding("", "This user cannot write to the plugin directory.", advice)
    for name in found:
        try:
            mode = os.lstat(directory / name).st_mode
        except OSError:
            continue
        if not stat.S_ISREG(mode):
            kind = "a symbolic link" if stat.S_ISLNK(mode) else "not an ordinary file"
            advice = "It is not read. Put the file itself in its place, or remove it."
            yield Finding(name, f"It is {kind}.", advice)
        elif not os.access(directory / name, os.R_OK):
            advice = "Give yourself permission to read it."
            yield Finding(name, "This user cannot read it.", advice)
        elif not names.is_own_name(name):
            yield Finding(
                name,
                "It is not a file of ConvLens.",
                "It is never read, so you can remove it.",
            )


def _check_litter(directory: Path) -> Iterator[Finding]:
    for one in find_litter(directory, time.time()):
        problem = f"It {one.what} ({one.size} bytes)."
        yield Finding(one.name, problem, "ConvLens can remove it.", "remove")


def _check_manifests(
    run: RunDirectory, directory: Path, found: list[str], advance: Advance
) -> Iterator[Finding]:
    """Each manifest and the files that it names; a file named twice is checked once."""
    checked: set[object] = set()
    for name in found:
        key = names.parse_manifest_name(name)
        if key is None:
            continue
        try:
            capture = run.capture(key)
        except ConvLensError as error:
            advice = "The step is left out. Restore the file from a copy, or capture it again."
            yield Finding(name, str(error), advice)
        else:
            yield from _check_clock(name, key, capture)
            yield from _check_named(run, capture, checked)
            yield from _check_sheets(run, capture, checked)
        advance()
    yield from _check_unnamed(run, found, checked)
    yield from _check_traits(directory, found)


def _check_traits(directory: Path, found: list[str]) -> Iterator[Finding]:
    """The traits of filters; a step is shown without them."""
    for name in found:
        key = names.parse_traits_name(name)
        if key is not None:
            try:
                read_traits(directory, key)
            except ConvLensError as error:
                advice = (
                    "A new session cannot tell how far filters changed since this step. "
                    "Restore the file from a copy, or remove it."
                )
                yield Finding(name, str(error), advice)


def _check_clock(name: str, key: StepKey, capture: Capture) -> Iterator[Finding]:
    """Impossible times; the order of sessions does not depend on them."""
    began = names.session_milliseconds(key.session) / 1000
    if capture.wall_time > time.time() + _DAY:
        problem = (
            "Its time is in the future: the clock of its machine, or of this one, is wrong."
        )
    elif capture.wall_time < began - _CLOCK_SECONDS:
        problem = (
            f"It was captured before its session began, {began_at(key.session)} UTC by name: "
            "the clock of its machine was behind, or that of an earlier session was ahead."
        )
    else:
        return
    advice = "It is still shown, with this time."
    yield Finding(name, problem, advice)


def _check_named(
    run: RunDirectory, capture: Capture, checked: set[object]
) -> Iterator[Finding]:
    """The model graph and the input images of a capture."""
    for name, read, fingerprint in (
        (names.graph_name(capture.graph), run.graph, capture.graph),
        (names.inputs_name(capture.inputs), run.inputs, capture.inputs),
    ):
        if name not in checked:
            checked.add(name)
            try:
                read(fingerprint)
            except ConvLensError as error:
                advice = "Steps that need it cannot be shown. Restore it from a copy."
                yield Finding(name, str(error), advice)


def _check_unnamed(
    run: RunDirectory, found: list[str], checked: set[object]
) -> Iterator[Finding]:
    """Model graphs and input images that no manifest names."""
    for name in found:
        for kind, read in (("graph", run.graph), ("inputs", run.inputs)):
            fingerprint = name.removeprefix(f"{kind}-").removesuffix(".pb")
            is_one = name == f"{kind}-{fingerprint}.pb" and names.is_fingerprint(fingerprint)
            if is_one and name not in checked:
                try:
                    read(fingerprint)
                except ConvLensError as error:
                    yield Finding(name, str(error), "No step needs it, so you can remove it.")


def _check_sheets(
    run: RunDirectory, capture: Capture, checked: set[object]
) -> Iterator[Finding]:
    """Every sheet against its checksums; one sentence per pack and fault."""
    told: set[tuple[str, str]] = set()
    for layer in capture.layers:
        for sheet in layer.sheets:
            place = sheet.pack, sheet.offset, sheet.sha256
            if place in checked:
                continue
            checked.add(place)
            try:
                _check_sheet(sheet, run.stored(sheet.place).read())
            except ConvLensError as error:
                if (sheet.pack, str(error)) not in told:
                    told.add((sheet.pack, str(error)))
                    advice = "Pictures are missing. Restore it from a copy, or capture again."
                    yield Finding(sheet.pack, str(error), advice)


def _check_sheet(sheet: Sheet, stored: bytes) -> None:
    """Raises `FormatError` if a sheet with the right SHA-256 is inconsistent."""
    levels = sheet.channels * sheet.planes * sheet.height * sheet.width
    decode_sheet(stored, levels)
    for segment, checksum in enumerate(sheet.checksums or ()):
        start, end = segment_place(sheet, segment * sheet.channels_per_segment)
        if zlib.crc32(stored[start:end]) != checksum:
            raise FormatError(
                f"A sheet is damaged: the checksum of its segment {segment} does not "
                "match the bytes."
            )
