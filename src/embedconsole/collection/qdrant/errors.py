"""Faults of a Qdrant server: the one place that knows its status codes and words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.collection.qdrant.error_body import NO_COLLECTION, own_error
from embedconsole.faults import BadInput, Fault, Overloaded, Refused, Throttled, Transient, Unreachable
from embedconsole.foreign_text import READABLE, one_line
from embedconsole.http_client import REPLY_LIMIT, why_not_connected
from embedconsole.retry_after import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.items import PointId

SOURCE = "Qdrant"

REMEDY_INIT = "Run `embedconsole init` to create it"
REMEDY_KEY = "Set collection.api_key to a key that may read and write this collection"
REMEDY_SHAPE = "Give collection.name another name, or run `embedconsole reindex`"
REMEDY_URL = "Check that collection.url is the REST address of a Qdrant server"

_SHAPE = re.compile(r"Vector dimension error|Not existing vector name|expected dim", re.IGNORECASE)
_NO_INDEX = re.compile(r'Index required but not found for "(?P<field>.+?)"(?: of|\.|$)')
_NO_POINT = re.compile(r"No point with id")
_NO_VECTOR = re.compile(r"Vector with name .* not found")


class MissingPoints(Fault):
    """A point was named that does not exist. Never leaves this package."""

    kind = BadInput.kind


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The place of a fault, for its message.

    Attributes:
        target: "collection products at http://qdrant:6333".
        secrets: Texts that no message may contain, should a server or proxy send them back.
        base: The server's address; empty for the embedded engine.
    """

    target: str
    secrets: tuple[str, ...] = ()
    base: str = ""

    def clean(self, text: str) -> str:
        """Foreign text on one printable line, cut to a readable length, without the secrets."""
        return one_line(text, self.secrets)


def fault_of_reply(place: ServerAddress, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """The fault behind a reply that is not 2xx.

    Args:
        headers: Found in any case.
        body: The reply's body or its beginning.
    """
    own = own_error(body)
    # Where it is not Qdrant's own: auth answers plain text, proxies HTML.
    text = place.clean(body[: 4 * READABLE].decode("utf-8", "replace") if own is None else own)
    message = f"{place.target} answered {status}" + (f": {text}" if text else "")
    match status:
        case 400 if no_index := _NO_INDEX.search(text):
            return _without_index(place, no_index["field"])
        case 400 | 422 if _SHAPE.search(text):
            return Refused(SOURCE, message, remedy=REMEDY_SHAPE)
        case 400 | 413 | 422:
            return BadInput(SOURCE, message)
        case 401 | 403:
            return Refused(SOURCE, message, remedy=REMEDY_KEY)
        case 404 if own is None:
            return Refused(SOURCE, f"{message}. That is not an answer from Qdrant", remedy=REMEDY_URL)
        case 404 if _NO_POINT.search(text):
            return MissingPoints(SOURCE, message)
        case 404 if _NO_VECTOR.search(text):
            return BadInput(SOURCE, f"{place.target}: the point has no such vector")
        case 404 if NO_COLLECTION.search(text):
            return Refused(SOURCE, f"{place.target} does not exist", remedy=REMEDY_INIT)
        case 429:
            wait = retry_after(headers) if "retry-after" in headers else None
            if wait is None:  # the server's way to say that the request never fits its limit
                return BadInput(SOURCE, message, remedy="Use a smaller chunk_size")
            return Throttled(SOURCE, message, retry_after=wait)
        case 409:
            return Refused(SOURCE, message)
        case 507:
            return Transient(SOURCE, f"{message} (out of disk)", remedy="Free disk space on the Qdrant host")
        case 503:
            return Overloaded(SOURCE, message)
        case 408:
            return Transient(SOURCE, message)
        case _ if status >= 500:
            return Transient(SOURCE, message)
    return Refused(SOURCE, message, remedy=REMEDY_URL)


def fault_of_transport(place: ServerAddress, error: BaseException) -> Fault:
    """No reply, or only a part of one: connect, certificates, time-out, dropped, truncated."""
    if isinstance(error, TimeoutError):
        return Transient(SOURCE, f"{place.target} did not answer in time")
    if (found := why_not_connected(error, place.base)) is not None:
        kind = Unreachable if found.passing else Refused
        remedy = found.remedy_at("collection.url", "collection.tls")
        return kind(SOURCE, f"{place.target} {place.clean(found.reason)}", remedy=remedy)
    detail = place.clean(str(error)) or place.clean(repr(error.__cause__ or error))
    return Transient(SOURCE, f"{place.target} broke the connection: {detail}")


def _without_index(place: ServerAddress, field: str) -> Refused:
    """A server in strict mode filters and groups only by what has an index."""
    return Refused(
        SOURCE,
        f"{place.target} refuses to filter or group by {field}, which has no payload index for that",
        remedy=f"Add {field} to collection.indexes and run `embedconsole init`",
    )


def no_point(place: ServerAddress, point: PointId) -> BadInput:
    """The point that others should be compared with does not exist."""
    return BadInput(SOURCE, f"{place.target} holds no point {point}")


def not_qdrant(place: ServerAddress, body: bytes) -> Transient:
    """A 2xx reply that is not what Qdrant answers: a proxy's page, or a reply cut short."""
    text = place.clean(body[:200].decode("utf-8", "replace"))
    return Transient(
        SOURCE, f"{place.target} answered something other than Qdrant: {text}", remedy=REMEDY_URL
    )


class ReplyTooLong(Transient):
    """The reply to a request is longer than is read; half of what was requested may do."""


def too_long(place: ServerAddress) -> ReplyTooLong:
    """A reply that was not read to its end."""
    limit = REPLY_LIMIT >> 20
    return ReplyTooLong(
        SOURCE, f"{place.target} answered more than {limit} MB to one request", remedy=REMEDY_URL
    )


def not_confirmed(place: ServerAddress, status: str) -> Transient:
    return Transient(SOURCE, f"{place.target} did not confirm the write (status {place.clean(status)})")
