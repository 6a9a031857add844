"""Answers: JSON, stored bytes, files, failures; their caching and security headers."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from tensorboard.backend import http_util
from werkzeug.wrappers import Request, Response

from tensorboard_plugin_convlens.core.errors import ConvLensError, FormatError, NotCapturedError
from tensorboard_plugin_convlens.server.params import BadParameterError

Handler = Callable[[Request], Response]
Application = Callable[[Any, Any], Any]
"""A WSGI application; `_typeshed` has the exact form, for type checkers only."""

ONE_YEAR = 365 * 24 * 3600
_METHODS = ("GET", "HEAD")
# Other sites' pages may not read what is served here.
_HEADERS = [("Cross-Origin-Resource-Policy", "same-origin")]


def guarded(handler: Handler) -> Application:
    """A WSGI application around a handler: checks the method, renders what it raises."""

    @wraps(handler)
    def answer(request: Request) -> Response:
        if request.method not in _METHODS:
            return failure(request, 405, f"{request.method} is not allowed here; use GET.")
        try:
            return handler(request)
        except BadParameterError as error:
            return failure(request, 400, str(error))
        except NotCapturedError as error:
            return failure(request, 404, str(error))
        except FormatError as error:
            return failure(request, 410, str(error))
        except ConvLensError as error:
            return failure(request, 500, str(error))

    application: Application = Request.application(answer)
    return application


def failure(request: Request, code: int, sentence: str) -> Response:
    """An error answer: `{"error": sentence}`."""
    headers = [("Allow", ", ".join(_METHODS))] if code == 405 else []
    content = json.dumps({"error": sentence}).encode()
    return _respond(request, content, "application/json", code=code, headers=headers)


def as_json(request: Request, body: object, *, immutable: bool = False) -> Response:
    """A JSON answer; numbers that are not finite must be `None` already."""
    content = json.dumps(body, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    expires = ONE_YEAR if immutable else 0
    return _respond(request, content.encode(), "application/json", expires=expires)


def as_stored(request: Request, content: bytes, *, gzipped: bool) -> Response:
    """Bytes that never change under their URL; `gzipped` ones are sent as they are."""
    return _respond(
        request,
        content,
        "application/octet-stream",
        expires=ONE_YEAR,
        content_encoding="gzip" if gzipped else None,
    )


def as_png(request: Request, content: bytes) -> Response:
    """A PNG that never changes under its URL."""
    return _respond(request, content, "image/png", expires=ONE_YEAR)


def as_file(request: Request, path: Path, *, immutable: bool) -> Response:
    """A file of the built tab."""
    # Told here, for the registry of Windows may say otherwise, and nosniff insists.
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
    """TensorBoard's own answer, with the headers that all of ours have."""
    answer: Response = http_util.Respond(
        request, content, kind, headers=[*_HEADERS, *headers], **options
    )
    return answer
