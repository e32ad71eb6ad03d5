"""Whether bytes are a picture, of what kind and size, and its pixels. Pure; blocks."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from functools import cache

from PIL import Image

from embedconsole.faults import BadInput
from embedconsole.pictures.reference import SOURCE

UNREADABLE = "its picture can't be read: damaged, cut short or of an unknown format"

_MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",  # what cameras write: a JPEG with another one behind it
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
}
_BEGINNING = 512
_TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)

# The limit is our own; the warning would be written over the console.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is stored; its header has been read, its pixels have not.

    Attributes:
        media_type: Of what it is, whatever its name or its server says.
        width, height: In pixels.
    """

    data: bytes
    media_type: str
    width: int
    height: int

    @property
    def pixels(self) -> int:
        return self.width * self.height


def inspected(data: bytes, max_pixels: int) -> Picture:
    """The picture that these bytes are, by its header.

    Raises:
        BadInput: They are none, or it has too many pixels.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_formats()) as image:
            width, height = image.size
            media_type = _MEDIA_TYPES[image.format or ""]
    except _TOO_LARGE as error:
        raise _too_many(max_pixels) from error
    except Exception as error:  # decoders raise whatever they like
        raise BadInput(SOURCE, _what_else(data)) from error
    if width * height > max_pixels:
        raise _too_many(max_pixels)
    return Picture(data, media_type, width, height)


def decoded(picture: Picture) -> Image.Image:
    """Its pixels, as RGB; of a moving picture the first.

    Raises:
        BadInput: It can't be read.
    """
    try:
        with Image.open(io.BytesIO(picture.data), formats=_formats()) as image:
            # By way of RGBA, where a palette's transparency would make Pillow warn on the terminal.
            clear = image.mode == "P" and "transparency" in image.info
            return (image.convert("RGBA") if clear else image).convert("RGB")
    except Exception as error:  # decoders raise whatever they like
        raise BadInput(SOURCE, UNREADABLE) from error


@cache
def _formats() -> tuple[str, ...]:
    """Those that pictures of products have; every other decoder stays closed."""
    Image.init()
    return tuple(name for name in _MEDIA_TYPES if name in Image.OPEN)


def _too_many(max_pixels: int) -> BadInput:
    return BadInput(SOURCE, f"its picture has more than {max_pixels:,} pixels")


def _what_else(data: bytes) -> str:
    """Why bytes are no picture, by how they begin."""
    beginning = data[:_BEGINNING].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return "its picture is empty"
    if beginning.startswith(b"<svg") or (beginning.startswith((b"<?xml", b"<!--")) and b"<svg" in beginning):
        return "its picture is an SVG drawing, which has no pixels to embed"
    if beginning.startswith((b"<!doctype", b"<html", b"<head", b"<body")):
        return "there is a web page in place of its picture"
    return UNREADABLE
