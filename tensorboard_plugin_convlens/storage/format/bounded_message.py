"""Parses protobuf messages from untrusted files, within a bound of memory."""

from __future__ import annotations

from typing import TypeVar

from google.protobuf.message import DecodeError, Message

from tensorboard_plugin_convlens.core.errors import FormatError, TooLargeError
from tensorboard_plugin_convlens.storage.format.fields import MalformedError, fields

AnyMessage = TypeVar("AnyMessage", bound=Message)

# Parsed without a look at it: two bytes make an empty message of some 200 in memory.
_SMALL = 2**18
_MOST_FIELDS = 50_000


def parse_bounded(content: bytes, message: AnyMessage, what: str) -> AnyMessage:
    """Parses a message, unless it has so many fields that it would take much memory.

    Raises:
      FormatError: The bytes are not such a message.
      TooLargeError: They are many, and in more than 50,000 fields.
    """
    try:
        if len(content) > _SMALL:
            walk = fields(lambda start, end: content[start:end], 0, len(content))
            if sum(1 for _ in walk) > _MOST_FIELDS:
                raise TooLargeError(
                    f"The {what} is too large to read: it has more than {_MOST_FIELDS:,} parts."
                )
        message.ParseFromString(content)
    except (MalformedError, DecodeError) as error:
        raise FormatError(f"The {what} is damaged: {error}.") from error
    return message
