"""What `--image` is to an embedder."""

from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

import pytest

from embedconsole.cli.commands import search
from embedconsole.cli.commands.search import picture_reference
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

BEGINNINGS = {
    "image/png": b"\x89PNG\r\n\x1a\n...",
    "image/jpeg": b"\xff\xd8\xff\xe0...",
    "image/gif": b"GIF89a...",
    "image/webp": b"RIFF\x0a\x00\x00\x00WEBPVP8 ",
    "image/bmp": b"BM\x36\x00\x0a\x00\x00\x00\x00\x00...",
    "image/tiff": b"II*\x00...",
    "image/avif": b"\x00\x00\x00\x20ftypavif...",
}


@pytest.mark.parametrize(
    "text", ["https://shop.example/1.jpg", "HTTP://shop.example/1.jpg", "data:image/png;base64,AA=="]
)
def test_addresses_are_as_they_are(text: str, tmp_path: Path) -> None:
    assert picture_reference(text, tmp_path) == text


@pytest.mark.parametrize("media_type", BEGINNINGS)
def test_a_file_is_sent_as_what_it_is_whatever_its_name(media_type: str, tmp_path: Path) -> None:
    content = BEGINNINGS[media_type]
    (tmp_path / "shoe.txt").write_bytes(content)
    head, _, sent = picture_reference("shoe.txt", tmp_path).partition(",")
    assert head == f"data:{media_type};base64"
    assert b64decode(sent) == content
    assert picture_reference(str(tmp_path / "shoe.txt"), tmp_path / "elsewhere").startswith("data:")


def test_what_is_no_picture_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "page.png").write_text("<html>")
    (tmp_path / "large.png").write_bytes(BEGINNINGS["image/png"] + bytes(100))
    monkeypatch.setattr(search, "MOST_BYTES", 100)
    for text, said in {
        "absent.png": "absent.png' can't be read: No such file",
        ".": "can't be read: Is a directory",
        "a\0b": "can't be read: embedded null",
        "~nobody-of-this-name/x.png": "can't be read: Could not determine home directory",
        "empty.png": "empty.png' is empty",
        "page.png": "page.png' is no picture",
        "large.png": "large.png' is larger than 0.0001 MB",
        "ftp://shop.example/1.jpg": "give an http",
        "file:///shoe.png": "or the path of a file",
        "data:text/html,x": "begins with data:image/",
    }.items():
        with pytest.raises(ConfigError) as caught:
            picture_reference(text, tmp_path)
        assert said in str(caught.value)
