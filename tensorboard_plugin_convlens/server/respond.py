"""Answers: JSON, stored bytes, files, failures; their caching and security headers."""

from __future__ import annotations

import io
import mimetypes
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from typing import Any
from wsgiref.handlers import format_date_time

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
from tensorboard_plugin_convlens.core.judgments.marks import MarkConflictError
from tensorboard_plugin_convlens.server import marks_to_wire, wire
from tensorboard_plugin_convlens.server.guard import Access, Guard, RefusedError
from tensorboard_plugin_convlens.server.numbers import to_json
from tensorboard_plugin_convlens.server.params import BadParameterError
from tensorboard_plugin_convlens.storage.reading.stored_sheet import StoredSheet

Application = Callable[[Any, Any], Any]
"""A WSGI application; `_typeshed` has the exact form, for type checkers only."""

# Parts may be large, and zlib takes twice the memory of what it is given at once.
_COMPRESSED_AT_ONCE = 2**20
Answer = Response | Application
Handler = Callable[[Request], Answer]

ONE_YEAR = 365 * 24 * 3600
_LARGEST_PART = 2**18
# Pages of other sites may not read these answers.
_HEADERS = [("Cross-Origin-Resource-Policy", "same-origin")]


def guarded(handler: Handler, guard: Guard, access: Access) -> Application:
    """A WSGI application around a handler: checks the client, renders errors."""

    @wraps(handler)
    def answer(request: Request) -> Answer:
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
    """The answer if somebody else was faster: the current marks."""
    body: wire.MarkConflict = {
        "error": str(error),
        "marks": [marks_to_wire.mark(one) for one in error.current],
    }
    return _respond(request, to_json(body), "application/json", code=409)


def failure(
    request: Request, code: int, sentence: str, *, allow: Sequence[str] = ()
) -> Response:
    """An error answer: `{"error": sentence}`."""
    headers = [("Allow", ", ".join(allow))] if allow else []
    # A name that is no UTF-8 may be in the sentence.
    content = to_json({"error": sentence.encode(errors="replace").decode()})
    return _respond(request, content, "application/json", code=code, headers=headers)


def as_json(request: Request, body: object, *, immutable: bool = False) -> Response:
    """A JSON answer; numbers that are not finite become `null`."""
    expires = ONE_YEAR if immutable else 0
    return _respond(request, to_json(body), "application/json", expires=expires)


def as_compressed_json(request: Request, content: bytes) -> Response:
    """A JSON answer that may change, given as a gzip member."""
    return _respond(request, content, "application/json", content_encoding="gzip")


class _Stored:
    """The most frequent answer: a gzip member that never changes.

    A WSGI application of its own, with the headers that TensorBoard's function gives: a
    werkzeug response costs as much processor time as all else that ConvLens does for a sheet.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __call__(self, environ: Any, start_response: Any) -> list[bytes]:
        headers = [
            *_HEADERS,
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", str(len(self._content))),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Encoding", "gzip"),
            ("Expires", format_date_time(time.time() + ONE_YEAR)),
            ("Cache-Control", f"private, max-age={ONE_YEAR}"),
        ]
        start_response("200 OK", headers)
        return [self._content]


def accepts_gzip(request: Request) -> bool:
    """Whether the client can inflate the answer, as TensorBoard finds out."""
    return "gzip" in request.environ.get("HTTP_ACCEPT_ENCODING", "")


def as_sheet(request: Request, sheet: StoredSheet) -> Answer:
    """A sheet, sent as it is stored, in parts if it is long."""
    if isinstance(sheet.content, bytes):
        return as_stored(request, sheet.content)
    compressed = accepts_gzip(request)
    answer = _respond(
        request,
        b"",
        "application/octet-stream",
        expires=ONE_YEAR,
        content_encoding="gzip" if compressed else None,
    )
    answer.headers["Content-Length"] = str(sheet.length if compressed else sheet.raw_length)
    if request.method != "HEAD":
        answer.response = sheet.parts() if compressed else _inflated(sheet.parts())
    return answer


def _inflated(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The content of a gzip member, part by part, none of them large."""
    gzip_member = zlib.decompressobj(16 + zlib.MAX_WBITS)
    for part in parts:
        while part:
            yield gzip_member.decompress(part, _LARGEST_PART)
            part = gzip_member.unconsumed_tail
    yield gzip_member.flush()


def as_stored(request: Request, content: bytes, *, immutable: bool = True) -> Answer:
    """A gzip member, sent as it is."""
    if immutable and request.method == "GET" and accepts_gzip(request):
        return _Stored(content)
    return _respond(
        request,
        content,
        "application/octet-stream",
        expires=ONE_YEAR if immutable else 0,
        content_encoding="gzip",
    )


def as_parts(
    request: Request, head: object, parts: Sequence[bytes], *, immutable: bool
) -> Answer:
    """Gzipped: the length of the JSON as `uint32`, little-endian, the JSON, the bytes."""
    content = to_json(head)
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
    # Given here, because the registry of Windows may differ, and nosniff is strict.
    kind = {".js": "text/javascript", ".css": "text/css"}.get(path.suffix)
    kind = kind or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return _respond(request, path.read_bytes(), kind, expires=ONE_YEAR if immutable else 0)


def _respond(
    request: Request,
    content: bytes,
    kind: str,
    *,
    headers: Sequence[tuple[str, str]] = (),
    **options: Any,
) -> Response:
    """TensorBoard's own answer, with the headers of all our answers."""
    answer: Response = http_util.Respond(
        request, content, kind, headers=[*_HEADERS, *headers], **options
    )
    return answer
