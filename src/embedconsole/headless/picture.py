"""A picture to search by: an address as it is, a local file as a `data:` URL, which can be sent anywhere."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

from embedconsole.faults import ConfigError

MOST_BYTES = 10_000_000
"""Of a local file; services refuse requests not much larger than this."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)  # of two letters at least: `C:` is a drive
_BEGINNINGS = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("image/bmp", re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL)),
    ("image/tiff", re.compile(rb"II\*\0|MM\0\*")),
    ("image/avif", re.compile(rb".{4}ftypavi[fs]", re.DOTALL)),
)


def picture_reference(text: str, folder: Path) -> str:
    """What an embedder is given for `--image`.

    Args:
        text: An http(s) or `data:` URL, or the path of a file.
        folder: Where relative paths start.

    Raises:
        ConfigError: An address of another kind, or a file that is not there, no picture or too large.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _data_url(text, folder)
    match scheme[1].lower():
        case "http" | "https":
            return text
        case "data" if re.match(r"data:image/", text, re.IGNORECASE):
            return text
        case "data":
            raise ConfigError("--image: a data: URL of a picture begins with data:image/")
    raise ConfigError(f"--image {text!r}: give an http(s) or data: URL, or the path of a file")


def _data_url(name: str, folder: Path) -> str:
    try:
        path = folder / Path(name).expanduser()
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, RuntimeError, ValueError) as error:  # unreadable, no such home, a null character
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"--image {name!r} can't be read: {reason}") from error
    if len(content) > MOST_BYTES:
        raise ConfigError(f"--image {name!r} is larger than {MOST_BYTES / 1_000_000:g} MB; make it smaller")
    media_type = next((name for name, begins in _BEGINNINGS if begins.match(content)), None)
    if media_type is None:
        what = "is empty" if not content else "is no picture (PNG, JPEG, GIF, WebP, BMP, TIFF or AVIF)"
        raise ConfigError(f"--image {name!r} {what}")
    return f"data:{media_type};base64,{b64encode(content).decode()}"
