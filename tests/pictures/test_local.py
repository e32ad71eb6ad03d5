"""Pictures on this machine and in their own address."""

from __future__ import annotations

import os
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import BadInput, Transient
from embedconsole.pictures.decode import decoded, inspected
from embedconsole.pictures.fetch import PictureFetcher
from embedconsole.pictures.policy import PictureLimits
from support.gallery import picture

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a picture in it, and one beside it."""
    (tmp_path / "images" / "red").mkdir(parents=True)
    (tmp_path / "images" / "red" / "1.png").write_bytes(picture())
    (tmp_path / "images-old").mkdir()
    (tmp_path / "images-old" / "1.png").write_bytes(picture())
    return tmp_path / "images"


@pytest.mark.parametrize("path", ["red/1.png", "./red/../red/1.png", "{folder}/red/1.png"])
async def test_below_the_folder(folder: Path, path: str) -> None:
    fetcher = PictureFetcher(PictureLimits(folder=folder))
    assert (await fetcher.fetch(path.format(folder=folder))).data == picture()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../images-old/1.png", "leads out of"),
        ("{folder}-old/1.png", "leads out of"),
        ("/etc/passwd", "leads out of"),
        ("link.png", "leads out of"),
        ("linked/1.png", "leads out of"),
        ("red/2.png", "is not there"),
        ("red", "is not there"),
        ("pipe", "is not there"),
        ("loop", "is not there|can't be used"),
        ("x" * 5000, "can't be used|is not there"),
    ],
)
async def test_nothing_else_is_read(folder: Path, path: str, reason: str) -> None:
    (folder / "link.png").symlink_to(folder.parent / "images-old" / "1.png")
    (folder / "linked").symlink_to(folder.parent / "images-old")
    (folder / "loop").symlink_to(folder / "loop")
    os.mkfifo(folder / "pipe")
    with pytest.raises(BadInput, match=reason):
        await PictureFetcher(PictureLimits(folder=folder)).fetch(path.format(folder=folder))


async def test_without_a_folder_no_path_is_read(folder: Path) -> None:
    for path in ("red/1.png", str(folder / "red" / "1.png")):
        with pytest.raises(BadInput, match=r"set pictures\.folder"):
            await PictureFetcher(PictureLimits()).fetch(path)


async def test_a_folder_that_is_not_mounted_is_no_items_fault(folder: Path) -> None:
    fetcher = PictureFetcher(PictureLimits(folder=folder / "elsewhere"))
    with pytest.raises(Transient, match=r"pictures\.folder\) is not there"):
        await fetcher.fetch("1.png")


async def test_a_file_that_is_too_large(folder: Path) -> None:
    with pytest.raises(BadInput, match="larger than"):
        await PictureFetcher(PictureLimits(folder=folder, max_bytes=10)).fetch("red/1.png")


async def test_a_file_written_again_has_another_stamp(folder: Path) -> None:
    fetcher = PictureFetcher(PictureLimits(folder=folder))
    before = await fetcher.etag("red/1.png")
    assert before == await fetcher.etag("red/1.png")
    os.utime(folder / "red" / "1.png", (1, 1))
    assert before != await fetcher.etag("red/1.png")


async def test_a_picture_in_its_own_address() -> None:
    reference = f"data:text/plain;base64,{b64encode(picture()).decode()}"
    found = await PictureFetcher(PictureLimits()).fetch(reference)
    assert (found.data, found.media_type) == (picture(), "image/png")
    assert await PictureFetcher(PictureLimits()).etag(reference) is None
    with pytest.raises(BadInput, match="larger than"):
        await PictureFetcher(PictureLimits(max_bytes=10)).fetch(reference)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
def test_a_picture_cut_short_can_not_be_decoded(kind: str) -> None:
    data = picture(size=(200, 200), kind=kind)
    whole = inspected(data, 1_000_000)
    assert decoded(whole).mode == "RGB"
    with pytest.raises(BadInput, match="can't be read"):
        decoded(inspected(data[: len(data) * 2 // 3], 1_000_000))
