"""Answers: JSON, stored bytes, files, failures; their caching and security headers."""

from __future__ import annotations

import io
import json
import mimetypes
import zlib
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from tensorboard.backend import http_util
from werkzeug.wrappers import Request, Response

from tensorboard_plugin_convlens.core.errors import (
    ConvLensError,
    FormatError,
    MarkError,
    NotCapturedError,
    StoreError,
    StoreFullError,
    TooLargeError,
    UnknownOperationError,
)
from tensorboard_plugin_convlens.core.marks import MarkConflictError
from tensorboard_plugin_convlens.server import marks_to_wire, wire
from tensorboard_plugin_convlens.server.guard import Access, Guard, RefusedError
from tensorboard_plugin_convlens.server.params import BadParameterError

Handler = Callable[[Request], Response]
Application = Callable[[Any, Any], Any]
"""A WSGI application; `_typeshed` has the exact form, for type checkers only."""

# Parts may be large, and zlib takes twice the memory of what it is given at once.
_COMPRESSED_AT_ONCE = 2**20
ONE_YEAR = 365 * 24 * 3600
# Other sites' pages may not read what is served here.
_HEADERS = [("Cross-Origin-Resource-Policy", "same-origin")]


def guarded(handler: Handler, guard: Guard, access: Access) -> Application:
    """A WSGI application around a handler: checks who asks, renders what it raises."""

    @wraps(handler)
    def answer(request: Request) -> Response:
        try:
            guard.check(request, access)
            return handler(request)
        except RefusedError as error:
            return failure(request, error.status, str(error), allow=error.allow)
        except MarkConflictError as error:
            return conflict(request, error)
        except BadParameterError as error:
            return failure(request, 400, str(error))
        except ConvLensError as error:
            return failure(request, _status(error), str(error))

    application: Application = Request.application(answer)
    return application


_STATUS: tuple[tuple[type[ConvLensError], int], ...] = (
    (MarkError, 400),
    (NotCapturedError, 404),
    (UnknownOperationError, 404),
    (FormatError, 410),
    (TooLargeError, 413),
    (StoreFullError, 507),
    (StoreError, 503),
)


def _status(error: ConvLensError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def conflict(request: Request, error: MarkConflictError) -> Response:
    """The answer to whom somebody was quicker than: the marks as they are now."""
    body: wire.MarkConflict = {
        "error": str(error),
        "marks": [marks_to_wire.mark(one) for one in error.current],
    }
    content = json.dumps(body, ensure_ascii=False).encode()
    return _respond(request, content, "application/json", code=409)


def failure(
    request: Request, code: int, sentence: str, *, allow: Sequence[str] = ()
) -> Response:
    """An error answer: `{"error": sentence}`."""
    headers = [("Allow", ", ".join(allow))] if allow else []
    content = json.dumps({"error": sentence}).encode()
    return _respond(request, content, "application/json", code=code, headers=headers)


def as_json(request: Request, body: object, *, immutable: bool = False) -> Response:
    """A JSON answer; numbers that are not finite must be `None` already."""
    expires = ONE_YEAR if immutable else 0
    return _respond(request, _to_json(body), "application/json", expires=expires)


def as_stored(request: Request, content: bytes, *, immutable: bool = True) -> Response:
    """A gzip member, sent as it is."""
    return _respond(
        request,
        content,
        "application/octet-stream",
        expires=ONE_YEAR if immutable else 0,
        content_encoding="gzip",
    )


def as_parts(
    request: Request, head: object, parts: Sequence[bytes], *, immutable: bool
) -> Response:
    """Gzipped: the length of the JSON as `uint32`, little-endian, the JSON, the bytes."""
    content = _to_json(head)
    # Levels compress little, and the reader waits: the fastest there is.
    deflate = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    body = io.BytesIO()
    for part in (len(content).to_bytes(4, "little"), content, *parts):
        for start in range(0, len(part), _COMPRESSED_AT_ONCE):
            body.write(deflate.compress(part[start : start + _COMPRESSED_AT_ONCE]))
    body.write(deflate.flush())
    return as_stored(request, body.getvalue(), immutable=immutable)


def as_png(request: Request, content: bytes) -> Response:
    """A PNG that never changes under its URL."""
    return _respond(request, content, "image/png", expires=ONE_YEAR)


def as_file(request: Request, path: Path, *, immutable: bool) -> Response:
    """A file of the built tab."""
    # Told here, for the registry of Windows may say otherwise, and nosniff insists.
    kind = {".js": "text/javascript", ".css": "text/css"}.get(path.suffix)
    kind = kind or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _respond(request, path.read_bytes(), kind, expires=ONE_YEAR if immutable else 0)


def _to_json(body: object) -> bytes:
    text = json.dumps(body, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def _respond(
    request: Request,
    content: bytes,
    kind: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    **options: Any,
) -> Response:
    """TensorBoard's own answer, with the headers that all of ours have."""
    answer: Response = http_util.Respond(
        request, content, kind, headers=[*_HEADERS, *headers], **options
    )
    return answer
