"""Every link of the documents leads somewhere, and every page is found from the first one."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest

from docs.documents import ELSEWHERE, PAGES, ROOT, anchors, links


@pytest.mark.parametrize("page", PAGES)
def test_its_links_lead_somewhere(page: str) -> None:
    broken = []
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme in ("http", "https"):
            continue
        target = PAGES[page].parent / parts.path if parts.path else PAGES[page]
        if target.resolve().relative_to(ROOT).as_posix() in ELSEWHERE:
            continue
        if not target.exists() or (parts.fragment and parts.fragment not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_is_linked_from_the_first() -> None:
    first = {PurePosixPath(urlsplit(link).path).name for link in links("docs/index.md")}
    pages = {PurePosixPath(page).name for page in PAGES if page.startswith("docs/")} - {"index.md"}
    assert pages - first == set()


def test_a_broken_link_is_noticed() -> None:
    assert "no-such-heading" not in anchors(ROOT / "docs/commands.md")
    assert "exit-codes" in anchors(ROOT / "docs/commands.md")
