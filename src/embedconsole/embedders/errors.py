"""What goes wrong with an embedding service, as faults: the one place that knows status codes and words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit

import orjson

from embedconsole.embedders.limits import TooLarge, said_limit
from embedconsole.faults import BadInput, Fault, Overloaded, Refused, Throttled, Transient
from embedconsole.foreign_text import READABLE, one_line
from embedconsole.retry_after import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SHORTEST_SECRET = 6  # a header such as `X-Version: 2` must not turn every 2 of a message into asterisks
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


# What an error calls itself in a reply with a good status, and the status that it should have.
_NAMED: tuple[tuple[re.Pattern[str], int], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), status)
    for pattern, status in (
        (r"insufficient.?quota|arrearage|payment|billing", 402),
        (r"rate.?limit|too.?many.?requests|throttl|exhausted|quota", 429),
        (r"api.?key|unauthori[sz]ed|unauthenticated|authentication", 401),
        (r"permission|forbidden|access.?denied", 403),
        (r"not.?found|no.?such.?model", 404),
        (r"overload|unavailable", 503),
        (r"server.?error|internal|timeout", 500),
    )
)
_THROTTLED = re.compile(r"rate.?limit|too many requests|throttl", re.IGNORECASE)
_NAMES = ("code", "status", "status_code", "type", "error_code")


class ServerError(Transient):
    """It answered 500 or another error of its own."""


@dataclass(frozen=True, slots=True)
class Service:
    """Who is talked to, for the words of its faults.

    Attributes:
        name: Its name among `embedders` in the configuration.
        key_setting: Where its credentials are set: "embedders.ml.headers".
        secrets: Texts that no message may contain, should a service or proxy send them back.
    """

    name: str
    key_setting: str
    secrets: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        return f"embedding service {self.name}"

    @property
    def url_remedy(self) -> str:
        return f"Check embedders.{self.name}.url"

    def clean(self, text: str) -> str:
        """Foreign text on one printable line, cut to a readable length, without the secrets."""
        return one_line(text, self.secrets)


def header_secrets(headers: Mapping[str, str]) -> tuple[str, ...]:
    """What of the headers may never be shown: their values and the token of `Bearer TOKEN`, longest first."""
    values = {part for value in headers.values() for part in (value, value.rpartition(" ")[2])}
    return tuple(sorted((value for value in values if len(value) >= _SHORTEST_SECRET), key=len, reverse=True))


def address_secrets(url: str) -> tuple[str, ...]:
    """What of an address may never be shown: user, password, and the values of its query but for versions."""
    parts = urlsplit(url)
    found = {unquote(part) for part in (parts.username, parts.password) if part}
    for name, value in parse_qsl(parts.query):
        if len(value) >= _SHORTEST_SECRET and "version" not in name.lower():
            found |= {value, quote(value), quote_plus(value)}
    return tuple(sorted(found, key=len, reverse=True))


def fault_of_status(service: Service, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """The fault behind a reply that is not 2xx.

    Args:
        headers: Found in any case, or with lower-case names.
        body: The reply's body or its beginning.
    """
    said = service.clean(error_text(body))
    tail = f": {said}" if said else ""
    source = service.source
    key = f"embedders.{service.name}"
    match status:
        case 429 if b"insufficient_quota" in body:
            # OpenAI's word for an account without credit: no pause will mend it.
            return Refused(source, f"wants payment (429){tail}", remedy="Check the account's credit")
        case 429:
            return Throttled(source, f"asked for a pause (429){tail}", retry_after=retry_after(headers, body))
        case 503 if "retry-after" in headers:
            return Throttled(source, f"asked for a pause (503){tail}", retry_after=retry_after(headers, body))
        case 400 | 413 | 415 | 422 if (limit := said_limit(status, said)) is not None:
            return TooLarge(source, f"finds the request too large ({status}){tail}", limit)
        case 400 | 413 | 415 | 422:
            return BadInput(source, f"refused the input ({status}){tail}")
        case 401:
            remedy = f"Set its token in {service.key_setting}"
            return Refused(source, f"refused the key (401){tail}", remedy=remedy)
        case 402:
            return Refused(source, f"wants payment (402){tail}", remedy="Check the account's credit")
        case 403:
            remedy = f"Check that the key in {service.key_setting} may use it"
            return Refused(source, f"forbids the request (403){tail}", remedy=remedy)
        case 404 | 410:
            remedy = f"Check {key}.url and {key}.model"
            return Refused(source, f"has nothing at this address ({status}){tail}", remedy=remedy)
        case _ if 300 <= status < 400:
            target = service.clean(headers.get("location", "")) or "another address"
            remedy = f"Set {key}.url to the address that answers"
            return Refused(source, f"redirects to {target} ({status})", remedy=remedy)
        case 503 | 529:
            return Overloaded(source, f"answered {status}{tail}")
        case 408 | 409 | 424 | 425:
            return Transient(source, f"answered {status}{tail}")
        case _ if status >= 500:
            return ServerError(source, f"answered {status}{tail}")
    # A status that nobody expects here speaks of the address or a proxy, not of one product.
    return Refused(source, f"answered {status}{tail}", remedy=service.url_remedy)


def fault_in(service: Service, reply: object) -> Fault | None:
    """The fault behind an error object that came with a good status; None where the reply is none.

    Returns:
        BadInput where the error does not say what kind of error it is.
    """
    if not isinstance(reply, dict):
        return None
    error = reply.get("error")
    told = error if isinstance(error, dict) else reply
    names = [told[name] for name in _NAMES if told.get(name) not in (None, "")]
    said = _said(told)
    if not error and not (said and names):
        return None
    status = _status_of(names, said)
    if status is not None:
        return fault_of_status(service, status, {}, orjson.dumps(reply, default=str))
    words = service.clean(said or str(error))
    return BadInput(service.source, f"answered an error in place of vectors: {words}")


def _status_of(names: Sequence[object], said: str) -> int | None:
    """The status that an error should have had, by its own codes or else by what it says."""
    for name in names:
        if str(name).isdecimal() and 400 <= int(str(name)) < 600:
            return int(str(name))
    for name in names:
        for pattern, status in _NAMED:
            if pattern.search(str(name)):
                return status
    return 429 if _THROTTLED.search(said) else None


def error_text(body: bytes) -> str:
    """What an error's body says: `detail`, `error` or `message` of JSON, the title of a page, or its text."""
    try:
        parsed: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        text = body[: 4 * READABLE].decode("utf-8", "replace")
        if text.lstrip().startswith("<"):
            title = _TITLE.search(text)
            return title.group(1) if title else _TAG.sub(" ", text)
        return text
    return _said(parsed) or body[: 4 * READABLE].decode("utf-8", "replace")


def _said(value: object, depth: int = 0) -> str:
    """The first words in a JSON error, as FastAPI, OpenAI, problem+json and others write them."""
    if isinstance(value, str):
        return value
    if depth > 3:
        return ""
    if isinstance(value, list):
        return _said(value[0], depth + 1) if value else ""
    if isinstance(value, dict):
        if isinstance(value.get("loc"), list) and isinstance(value.get("msg"), str):
            # pydantic, as FastAPI passes it on: the words alone do not tell which field they are about.
            return f"{'.'.join(map(str, value['loc']))}: {value['msg']}"
        for field in ("detail", "error", "message", "msg", "title"):
            if text := _said(value.get(field), depth + 1):
                return text
    return ""
