"""Errors as JSON, in OpenAI's form on every path: `{"error": {"message", "type", "param", "code"}}`."""

from __future__ import annotations

import logging
import math
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from embedconsole.faults import Fault, Overloaded, Throttled
from embedconsole.redact import redacted
from embedconsole.service.schemas import LIST, OBJECT, TEXT, ErrorReply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request

_RETRY_AFTER = 1
"""Seconds after which a caller that found no room may try again."""

_TYPES = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}
_SHOWN_PROBLEMS = 3
_SHOWN_PLACE = 200
_NO_PLACES = frozenset({"body", OBJECT, LIST, TEXT})

log = logging.getLogger("embedconsole.service")


def error_reply(status: int, message: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The reply to a request that failed."""
    kind = _TYPES.get(status) or ("invalid_request_error" if status < 500 else "server_error")
    body = {"error": {"message": redacted(message), "type": kind, "param": None, "code": None}}
    return JSONResponse(body, status, dict(headers or {}))


def too_busy(message: str, retry_after: float | None) -> HTTPException:
    """429, with the seconds to wait."""
    seconds = max(_RETRY_AFTER, math.ceil(retry_after or 0))
    return HTTPException(429, message, {"Retry-After": str(seconds)})


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error replies of a path, for its OpenAPI document."""
    return {status: {"model": ErrorReply, "description": HTTPStatus(status).phrase} for status in statuses}


def handle_errors(app: FastAPI) -> None:
    """Have everything that is raised answered in this form."""
    app.add_exception_handler(StarletteHTTPException, _of_status)
    app.add_exception_handler(RequestValidationError, _of_shape)
    app.add_exception_handler(Fault, _of_fault)
    app.add_exception_handler(Exception, _of_bug)


def _of_status(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StarletteHTTPException)
    return error_reply(error.status_code, error.detail, error.headers)


def _of_shape(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()[:_SHOWN_PROBLEMS]
    # What was sent is not repeated: it may be a megabyte, or not be JSON at all (NaN).
    return error_reply(422, "; ".join(f"{_place(problem['loc'])}: {problem['msg']}" for problem in problems))


def _place(loc: tuple[str | int, ...]) -> str:
    names = [part for part in loc if part not in _NO_PLACES]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in names)
    return place[:_SHOWN_PLACE].lstrip(".") or "body"


def _of_fault(request: Request, error: Exception) -> JSONResponse:
    """The embedder itself failed; its remedy is about our configuration, so it is logged and not sent."""
    assert isinstance(error, Fault)
    log.warning("%s", error)
    message = f"{error.source}: {error.message}"
    if isinstance(error, Throttled):
        return _of_status(request, too_busy(message, error.retry_after))
    return error_reply(503 if isinstance(error, Overloaded) else 502, message)


def _of_bug(_: Request, error: Exception) -> JSONResponse:
    return error_reply(500, f"an error of the service itself ({type(error).__name__}); see its log")
