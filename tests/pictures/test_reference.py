"""What a reference stands for."""

from __future__ import annotations

from base64 import b64encode

import pytest

from embedconsole.faults import BadInput
from embedconsole.pictures.reference import InlinePicture, LocalPicture, RemotePicture, parse_reference
from support.gallery import picture

ENCODED = b64encode(picture()).decode()


@pytest.mark.parametrize(
    "text", ["https://shop.example/1.jpg", " HTTP://shop.example/a b.jpg\n", "http://[2001:db8::1]:80/ü"]
)
def test_addresses(text: str) -> None:
    assert isinstance(parse_reference(text), RemotePicture)


@pytest.mark.parametrize("text", ["images/1.jpg", "/srv/1.jpg", "..", r"C:\images\1.jpg", "1:2.jpg"])
def test_paths(text: str) -> None:
    assert parse_reference(text) == LocalPicture(text)


@pytest.mark.parametrize(
    "text",
    [
        f"data:image/png;base64,{ENCODED}",
        f"DATA:;charset=utf-8;BASE64,{ENCODED.rstrip('=')}",
        f"data:image/png;base64,{ENCODED[:40]}\n {ENCODED[40:]}",
        f"data:image/png;base64,{ENCODED.replace('+', '%2B').replace('=', '%3D')}",
        "data:," + "".join(f"%{byte:02x}" for byte in picture()),
    ],
    ids=["plain", "unpadded", "in lines", "quoted", "no base64"],
)
def test_pictures_in_their_own_address(text: str) -> None:
    assert parse_reference(text) == InlinePicture(picture())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("a\0b.jpg", "NUL"),
        ("file:///etc/passwd", "begins with file:"),
        ("ftp://shop.example/1.jpg", "begins with ftp:"),
        ("javascript:alert(1)", "begins with javascript:"),
        ("//shop.example/1.jpg", "write https:"),
        ("http://", "malformed"),
        ("http:///1.jpg", "malformed"),
        ("https://shop.example:99999/1.jpg", "malformed"),
        ("http://[::1/1.jpg", "malformed"),
        ("http:1.jpg", "malformed"),
        ("data:image/png;base64", "can't be decoded"),
        ("data:image/png;base64,%%%", "can't be decoded"),
        ("data:image/png;base64,ü", "can't be decoded"),
        ("data:image/png;base64,A", "can't be decoded"),
    ],
)
def test_what_is_none(text: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        parse_reference(text)
