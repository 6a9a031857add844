"""Top-level messages as files, with a checksum and a checked version."""

from __future__ import annotations

import hashlib
from typing import TypeVar

from google.protobuf.message import Message

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.storage.format import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.format.bounded_message import parse_bounded
from tensorboard_plugin_convlens.storage.format.names import FORMAT_VERSION, is_fingerprint

AnyMessage = TypeVar(
    "AnyMessage",
    pb.Manifest,
    pb.ManifestOutline,
    pb.ModelGraph,
    pb.InputImages,
    pb.Ablation,
)

_DIGEST_LENGTH = 32
_FIELD_LENGTH = _DIGEST_LENGTH + 2  # A field of a message: tag, length, digest.
# What a browser can show as a date: the year 275760.
_LARGEST_TIME = 8.64e12


def seal(message: Message) -> bytes:
    """A top-level message as a file: its bytes, then their SHA-256 (32 bytes).

    Protocol buffers have no checksum and no end: a file cut between two fields would read
    as a smaller, wrong message.
    """
    content = serialize(message)
    return content + hashlib.sha256(content).digest()


def unseal(file: bytes, message: AnyMessage, what: str) -> AnyMessage:
    """The inverse of `seal`, for a message of format 1.

    Raises:
      FormatError: The file is damaged or cut short, or of a later version.
      TooLargeError: It has more parts than any that ConvLens writes.
    """
    content, digest = sealed_content(file), file[-_DIGEST_LENGTH:]
    if hashlib.sha256(content).digest() != digest:
        raise FormatError(f"The {what} is damaged: its SHA-256 does not match its bytes.")
    parse_bounded(content, message, what)
    check_version(message.format_version, what)
    return message


def seal_packed_sheet(header: pb.PackedSheet) -> bytes:
    """The header of a packed summary: its bytes, then a field with their SHA-256.

    A blob of an event file has no place for a seal after the message, and the loader that
    TensorBoard prefers does not check the checksums of event files.
    """
    content = serialize(header)
    return content + serialize(pb.PackedSheet(sha256=hashlib.sha256(content).digest()))


def unseal_packed_sheet(blob: bytes, what: str) -> pb.PackedSheet:
    """The inverse of `seal_packed_sheet`; old headers have no seal.

    Raises:
      FormatError: It is damaged.
    """
    header = parse_bounded(blob, pb.PackedSheet(), what)
    # Whoever wrote checksums of segments wrote a seal.
    if header.sha256 or header.sheet.segment_crc32:
        content = blob[:-_FIELD_LENGTH]
        expected = serialize(pb.PackedSheet(sha256=hashlib.sha256(content).digest()))
        if blob[-_FIELD_LENGTH:] != expected:
            raise FormatError(f"The {what} is damaged: its SHA-256 does not match its bytes.")
    return header


def check_version(version: int, what: str) -> None:
    """Raises `FormatError` for a version that this release does not read."""
    if version != FORMAT_VERSION:
        raise FormatError(
            f"The {what} has format version {version}; this release reads {FORMAT_VERSION}. "
            "Install a newer tensorboard-plugin-convlens."
        )


def sealed_content(file: bytes) -> bytes:
    """The bytes of the message in a file, without a check."""
    return file[:-_DIGEST_LENGTH]


def serialize(message: Message) -> bytes:
    """The bytes of a message, the same for equal messages."""
    return message.SerializeToString(deterministic=True)


def checked_fingerprint(text: str) -> str:
    """The text, if it is a fingerprint; otherwise raises `FormatError`."""
    if not is_fingerprint(text):
        raise FormatError(
            f"A fingerprint is damaged: expected 64 hex digits, got {text[:80]!r}."
        )
    return text


def checked_sha256(digest: bytes) -> str:
    """A SHA-256 in hexadecimal, or "" for none. Raises `FormatError` for another length."""
    if len(digest) not in (0, 32):
        raise FormatError(f"A SHA-256 is damaged: it has {len(digest)} bytes, expected 32.")
    return digest.hex()


def checked_time(seconds: float) -> float:
    """The number, if it can be a time. Raises `FormatError` if it is not finite, or huge."""
    # Written so that NaN is refused, too.
    if not abs(seconds) <= _LARGEST_TIME:
        raise FormatError(f"A time is damaged: {seconds} seconds.")
    return seconds
