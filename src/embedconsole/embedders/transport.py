"""One JSON request to an embedding service: sent once, its reply read up to a limit, failures as faults."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64encode
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl, quote, quote_plus, unquote, urlsplit, urlunsplit

import aiohttp
import anyio
import orjson
from aiohttp.http_exceptions import ContentEncodingError
from multidict import CIMultiDict
from yarl import URL

from embedconsole import __version__
from embedconsole.embedders.batching import Row, TooLarge, said_limit
from embedconsole.faults import (
    BadAnswer,
    BadInput,
    ConfigError,
    Fault,
    Overloaded,
    Refused,
    Throttled,
    Transient,
    Unreachable,
)
from embedconsole.foreign_text import READABLE, one_line
from embedconsole.http_client import ERROR_BODY_LIMIT, FAILURES, Http, why_not_connected
from embedconsole.retry_after import retry_after

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from ssl import SSLContext

    from embedconsole.config.sections.embedders.http import HttpReply
    from embedconsole.items import JsonObject, JsonValue


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
    """The service that is called, for the messages of its faults.

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
    """The secrets in the headers: their values and the token of `Bearer TOKEN`, longest first."""
    values = {part for value in headers.values() for part in (value, value.rpartition(" ")[2])}
    return tuple(sorted((value for value in values if len(value) >= _SHORTEST_SECRET), key=len, reverse=True))


def address_secrets(url: str) -> tuple[str, ...]:
    """The secrets in an address: user, password, and the values of its query except versions."""
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
            # OpenAI's word for an account without credit: no pause repairs it.
            return Refused(source, f"asks for payment (429){tail}", remedy="Check the account's credit")
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
            return Refused(source, f"asks for payment (402){tail}", remedy="Check the account's credit")
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
    # An unexpected status speaks of the address or a proxy, not of one product.
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
    """The message in an error's body: `detail`, `error` or `message` of JSON, a page's title, or its text."""
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


_BYTES_PER_NUMBER = 32
"""A number in full precision is 25 characters long; the rest is for indented JSON."""
_LARGEST_SIZE = 16_384
_ERROR_NAMES = ("error", "message", "detail", "reason")
_SMALLEST_LIMIT = 1 << 16


def reply_limit(count: int, expected_size: int | None) -> int:
    """Bytes that a reply with `count` vectors may have; several times what it should have.

    Vectors of a wrong size should be reported as such, rather than as a reply that is too long.
    """
    size = _LARGEST_SIZE if expected_size is None else max(4096, 4 * expected_size)
    return _SMALLEST_LIMIT + count * size * _BYTES_PER_NUMBER


def encode(body: JsonObject) -> bytes:
    """A request as JSON; lone surrogates become question marks, integers may be of any length."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(_without_surrogates(body), ensure_ascii=False).encode()


def _without_surrogates(value: JsonValue) -> JsonValue:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_without_surrogates(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _without_surrogates(entry) for name, entry in value.items()}
    return value


def decode(service: Service, data: bytes) -> object:
    """The JSON of a reply; NaN and Infinity, as many Python services write them, are let through.

    Raises:
        Transient: It is no JSON: cut short, a proxy's page.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    # Not from here on for a reply that was cut short: half a megabyte would be parsed for nothing.
    if data.rstrip().endswith((b"}", b"]")):
        try:
            return json.loads(data)  # takes 1e999 for infinity, too
        except (ValueError, RecursionError):
            pass
    start = service.clean(data[:200].decode("utf-8", "replace"))
    what = "a page instead of JSON" if start.startswith("<") else "something that is not JSON"
    raise Transient(service.source, f"answered {what}: {start}" if start else "answered nothing")


def value_at(service: Service, reply: object, path: str, *, remedy: str | None) -> object:
    """The value of a reply at a path such as `data.vectors`; a dot alone is the reply itself.

    Args:
        remedy: What to check when there is no such place; None when it was there in an earlier reply: then
            it may be there in the next one.

    Raises:
        BadAnswer, Refused: It is not there.
        Throttled, Transient, BadInput: The reply is an error instead.
    """
    value = reply
    for name in _names(path):
        if not isinstance(value, dict) or not value.get(name):
            told = fault_in(service, reply)
            if told is not None:
                raise told
        if not isinstance(value, dict) or name not in value:
            fault: type[Fault] = BadAnswer if remedy is None else Refused
            got = f"but {', '.join(map(repr, value))}" if isinstance(value, dict) else "and no object at all"
            raise fault(service.source, service.clean(f"answered no {path!r} {got}"), remedy=remedy)
        value = value[name]
    return value


def entry_of(entry: object, places: HttpReply, *, said: str | None) -> Row:
    """The vector in an item's entry of a reply, or what the service says instead.

    Args:
        entry: The vector itself, null, or an object that holds one or an error.
        said: The text for the item in the list of errors next to the vectors.
    """
    if not isinstance(entry, dict):
        return Row(entry, said)
    error = _at(entry, places.error)
    return Row(_at(entry, places.vector), _text(error) or said)


def errors_beside(reply: object, path: str) -> dict[int, str]:
    """The list of errors next to the vectors, by position: texts and nulls, or objects with an `index`."""
    found: dict[int, str] = {}
    entries = _at(reply, path)
    for position, entry in enumerate(entries if isinstance(entries, list) else []):
        if isinstance(entry, dict) and isinstance(entry.get("index"), int):
            found[entry["index"]] = _text(entry) or "the service names it among its errors"
        elif text := _text(entry):
            found[position] = text
    return found


def _names(path: str) -> list[str]:
    return [] if path == "." else path.split(".")


def _at(value: object, path: str) -> object:
    for name in _names(path):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _text(error: object) -> str | None:
    """An error as a service writes it: a text, or an object with one in it."""
    if isinstance(error, dict):
        error = next((error[name] for name in _ERROR_NAMES if error.get(name)), None)
    if error is None or error is False or error == "":
        return None
    return error if isinstance(error, str) else str(error)


_DEFAULT_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    "User-Agent": f"embedconsole/{__version__}",
}
_GZIP_LEVEL = 1  # JSON shrinks to a quarter at any level; higher ones cost more than they save
Credentials: TypeAlias = "tuple[str, str]"
FaultOf: TypeAlias = "Callable[[int, Mapping[str, str], bytes], Fault]"


def split_credentials(url: str) -> tuple[str, Credentials | None]:
    """The address without `user:password@`, and those two; the address goes into messages, they do not."""
    parts = urlsplit(url)
    if parts.username is None:
        return url, None
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    return bare, (unquote(parts.username), unquote(parts.password or ""))


class Wire:
    """A connection pool to one address.

    Args:
        service: Who that is, for the words of faults.
        headers: Sent with every request; what they hold never appears in a message or a log.
        timeout: Seconds for a whole request, from connecting to the last byte of the reply.
        connections: Connections kept open at most.
        tls: For an https address: whom to trust and who we are; None for the system's authorities.
        compress: Send bodies gzipped.
        fault_of: The fault behind a status that is not 2xx, its headers and the beginning of its body.

    Raises:
        ConfigError: The address can't be used.
    """

    def __init__(
        self,
        service: Service,
        url: str,
        *,
        headers: Mapping[str, str],
        timeout: float,
        connections: int,
        tls: SSLContext | None = None,
        compress: bool = False,
        fault_of: FaultOf | None = None,
    ) -> None:
        self._service = service
        self._timeout = timeout
        address, credentials = split_credentials(url)
        self._url = _parsed(service, address)  # taken apart once, not with every request
        sent = CIMultiDict(_DEFAULT_HEADERS)
        if credentials is not None:
            sent["Authorization"] = f"Basic {b64encode(':'.join(credentials).encode()).decode()}"
        sent.update(headers)
        self._compress = compress
        self._fault_of = fault_of or partial(fault_of_status, service)
        self._http = Http(headers=sent, connections=connections, tls=tls)

    async def post(self, body: bytes, *, reply_limit: int) -> bytes:
        """The body of a 2xx reply.

        Args:
            body: JSON.
            reply_limit: Bytes, decompressed, beyond which a reply is not read.

        Raises:
            Throttled, Transient, BadInput, Refused: By its status; Transient when no reply
                or only a part of one came, or one longer than `reply_limit`.
        """
        if not self._compress:
            return await self.send("POST", self._url, body, reply_limit=reply_limit)
        headers = {"Content-Encoding": "gzip"}
        packed = gzip.compress(body, compresslevel=_GZIP_LEVEL)
        return await self.send("POST", self._url, packed, headers=headers, reply_limit=reply_limit)

    async def get(self, path: str) -> bytes:
        """The beginning of a 2xx reply at another path of the same host; raises as `post`."""
        return await self.send("GET", self._url.join(URL(path)), None, reply_limit=ERROR_BODY_LIMIT)

    async def send(
        self,
        method: str,
        url: URL,
        body: bytes | None,
        *,
        headers: Mapping[str, str] | None = None,
        reply_limit: int,
    ) -> bytes:
        """The body of a 2xx reply to any request to the same host; raises as `post`."""
        try:
            with anyio.fail_after(self._timeout):
                reply = await self._http.send(method, url, body, headers=headers, limit=reply_limit)
        except TimeoutError as error:
            raise Transient(
                self._service.source, f"did not answer within {self._timeout:g} s (timeout)"
            ) from error
        except FAILURES as error:
            raise self._fault_of_failure(error) from error

        if not reply.ok:
            raise self._fault_of(reply.status, reply.headers, reply.body)
        if not reply.whole:
            asked = f"{len(body or b'') / 1000:,.1f} kB"
            raise Transient(
                self._service.source,
                f"answered more than {reply_limit / 1_000_000:,.1f} MB for {asked}",
                remedy=self._service.url_remedy,
            )
        return reply.body

    def _fault_of_failure(self, error: Exception) -> Fault:
        service = self._service
        if isinstance(error, aiohttp.InvalidURL):
            return Refused(service.source, "its address can't be used", remedy=service.url_remedy)
        if (found := why_not_connected(error, str(self._url))) is not None:
            kind = Unreachable if found.passing else Refused
            key = f"embedders.{service.name}"
            remedy = found.remedy_at(f"{key}.url", f"{key}.tls")
            return kind(service.source, service.clean(found.reason), remedy=remedy)
        if isinstance(error.__cause__, ContentEncodingError):
            return Transient(service.source, "answered with a broken compression")
        said = service.clean(str(error)) or type(error).__name__
        return Transient(service.source, f"broke the connection: {said}")

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()


def _parsed(service: Service, address: str) -> URL:
    try:
        return URL(address)
    except ValueError as error:
        # Its text is not repeated: some services take their key in the query.
        raise ConfigError(
            f"embedders.{service.name}.url can't be used: write it like http://host/path"
        ) from error
