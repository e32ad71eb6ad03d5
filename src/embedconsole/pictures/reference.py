"""What a reference to a picture is: an address, a local path, or the picture itself."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote, unquote_to_bytes

from embedconsole.faults import BadInput
from embedconsole.foreign_text import one_line

if TYPE_CHECKING:
    from yarl import URL

SOURCE = "picture"
"""Who failed, in the faults of this package."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)  # two letters: `C:\` is a path


@dataclass(frozen=True, slots=True)
class RemotePicture:
    """A picture behind an http or https address."""

    url: URL


@dataclass(frozen=True, slots=True)
class LocalPicture:
    """A picture on this machine; the path as it was written."""

    path: str


@dataclass(frozen=True, slots=True)
class InlinePicture:
    """A picture that came with its reference (`data:`), as it is and unchecked."""

    data: bytes


Reference: TypeAlias = RemotePicture | LocalPicture | InlinePicture


def parse_reference(text: str) -> Reference:
    """What a reference stands for; nothing is looked up.

    Raises:
        BadInput: It is empty, of another scheme, or malformed.
    """
    text = text.strip()
    if not text or "\0" in text:
        raise BadInput(SOURCE, "its picture's address is empty or has a NUL in it")
    if text.startswith("//"):
        raise BadInput(SOURCE, "its picture's address begins with //: write https: before that")
    found = _SCHEME.match(text)
    if found is None:
        return LocalPicture(text)
    scheme = found[1].lower()
    if scheme == "data":
        return InlinePicture(_decoded(text[len("data:") :]))
    if scheme not in ("http", "https"):
        said = one_line(scheme)
        raise BadInput(
            SOURCE,
            f"its picture's address begins with {said}: - only http, https, data and paths are fetched",
        )
    return remote_picture(text)


def remote_picture(text: str, *, base: URL | None = None) -> RemotePicture:
    """An http or https address; a redirect may be relative to the one it came from.

    Raises:
        BadInput: It is of another scheme, or malformed.
    """
    from yarl import URL  # what compares references alone has no use for it

    try:
        url = URL(text) if base is None else base.join(URL(text))
        usable = url.scheme in ("http", "https") and bool(url.host) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise BadInput(SOURCE, "its picture's address is malformed, or is not http or https")
    return RemotePicture(url)


def _decoded(rest: str) -> bytes:
    """The bytes of a `data:` address without its scheme."""
    head, comma, body = rest.partition(",")
    try:
        if not comma:
            raise ValueError("no comma")
        if not head.rstrip().lower().endswith(";base64"):
            return unquote_to_bytes(body)
        letters = "".join(unquote(body).split())
        return b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except ValueError as error:
        raise BadInput(SOURCE, "its picture's data: address can't be decoded") from error
