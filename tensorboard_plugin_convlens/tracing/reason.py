"""Why something failed, from an exception that Keras or TensorFlow has wrapped."""

from __future__ import annotations

import re

_KERAS = re.compile(
    r"Exception encountered when calling (?P<call>[^\n]*?)\.?\n\n"
    r"(?:\x1b\[1m)?(?P<reason>.*?)(?:\x1b\[0m)?\s*\n\nArguments received by ",
    re.DOTALL,
)
"""What `keras.src.utils.traceback_utils` makes of a message."""

_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_AUTOGRAPH = "in user code:"
_SOURCE_LINE = re.compile(r'^\s+File ".*", line \d+')
_LONGEST = 600


def reason_of(fault: BaseException) -> str:
    """The first paragraph of the message, with the reason and the place, on one line.

    Args:
      fault: For example of a layer's call. The result leaves out what Keras adds about the
        arguments, and the lines of code that TensorFlow's AutoGraph lists. Of an exception that
        was raised because of another, it also gives the first one's reason.

    Returns:
      Never empty; at most about 600 characters.
    """
    outer = _told(fault)
    first = fault
    while first.__cause__ is not None:
        first = first.__cause__
    inner = _told(first)
    if inner in outer:
        return _shortened(outer)
    return _shortened(f"{outer}, because of: {inner}")


def _told(fault: BaseException) -> str:
    text = str(fault.args[0]) if isinstance(fault, KeyError) and fault.args else str(fault)
    text, place = text.strip(), ""
    wrapped = _KERAS.search(f"{text}\n")
    if wrapped is not None:
        place = f" (in {wrapped['call']})"
        text = wrapped["reason"]
    text = _COLOR.sub("", text).strip()
    if text.startswith(_AUTOGRAPH):
        text = _after_source_lines(text)
    paragraph = " ".join(text.split("\n\n")[0].split())
    if isinstance(fault, KeyError):
        paragraph = f"the key {paragraph!r} is missing"
    if len(paragraph.split()) < 2:  # "", or a bare number or name
        paragraph = f"{type(fault).__name__} {paragraph}".strip()
    return paragraph.rstrip(".") + place


def _after_source_lines(text: str) -> str:
    """AutoGraph lists lines of code, and what went wrong at the end."""
    paragraphs = [paragraph for paragraph in text.split("\n\n") if paragraph.strip()]
    later = [paragraph for paragraph in paragraphs[1:] if not _SOURCE_LINE.match(paragraph)]
    return later[0].strip() if later else paragraphs[-1]


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
