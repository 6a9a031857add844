"""Top-level messages as files: with a checksum, and with a version that is checked."""

from __future__ import annotations

import hashlib
from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from tensorboard_plugin_convlens.core.errors import FormatError
from tensorboard_plugin_convlens.storage import convlens_pb2 as pb
from tensorboard_plugin_convlens.storage.names import FORMAT_VERSION, is_fingerprint

AnyMessage = TypeVar(
    "AnyMessage",
    pb.Manifest,
    pb.ManifestOutline,
    pb.ModelGraph,
    pb.InputImages,
    pb.Ablation,
)

_DIGEST_LENGTH = 32


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
    """
    content, digest = sealed_content(file), file[-_DIGEST_LENGTH:]
    if hashlib.sha256(content).digest() != digest:
        raise FormatError(f"The {what} is damaged: its SHA-256 is not that of its bytes.")
    try:
        message.ParseFromString(content)
    except DecodeError as error:
        raise FormatError(f"The {what} is damaged: {error}.") from error
    if message.format_version != FORMAT_VERSION:
        raise FormatError(
            f"The {what} has format version {message.format_version}; this release reads "
            f"{FORMAT_VERSION}. Install a newer tensorboard-plugin-convlens."
        )
    return message


def sealed_content(file: bytes) -> bytes:
    """The bytes of the message in a file, without a check."""
    return file[:-_DIGEST_LENGTH]


def serialize(message: Message) -> bytes:
    """The bytes of a message, the same for equal messages."""
    return message.SerializeToString(deterministic=True)


def checked_fingerprint(text: str) -> str:
    """The text, if it is a fingerprint. Raises `FormatError` if it is not."""
    if not is_fingerprint(text):
        raise FormatError(
            f"A fingerprint is damaged: expected 64 hex digits, got {text[:80]!r}."
        )
    return text
