"""What stands in the documents: their commands, code, links and headings."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ELSEWHERE: frozenset[str] = frozenset()
"""Pages whose links and commands are held true elsewhere."""
PAGES = {
    name: path
    for path in (
        *(ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "SECURITY")),
        *sorted((ROOT / "docs").glob("*.md")),
    )
    if (name := path.relative_to(ROOT).as_posix()) not in ELSEWHERE
}
"""Every page that is looked at here, by its path."""

TRANSCRIPTS = frozenset(
    f"docs/{name}.md" for name in ("quickstart", "laravel", "django-rails", "woocommerce-bagisto")
)
"""Pages whose `console` blocks are sessions on a shop of their own: `test_transcripts`."""

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\]`]|`[^`]*`)*\]\(([^)\s]+)\)")
_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*=")


@dataclass(frozen=True)
class Shown:
    """A command line of a document, and what the document shows of its output."""

    line: str
    output: str = ""

    @property
    def words(self) -> list[str]:
        """Its words, without variables before it and where its output goes."""
        words = shlex.split(self.line, comments=True)
        while words and _VARIABLE.match(words[0]):
            words = words[1:]
        for sign in (">", ">>", "|", "2>"):
            if sign in words:
                words = words[: words.index(sign)]
        return words


@cache
def text_of(page: str) -> str:
    """The page as it is."""
    return PAGES[page].read_text(encoding="utf-8")


def blocks(page: str, *languages: str) -> Iterator[str]:
    """The fenced blocks of these languages."""
    for indent, language, text in _BLOCK.findall(text_of(page)):
        if language in languages:
            yield re.sub(rf"^{indent}", "", text, flags=re.MULTILINE)


def shown_commands(page: str) -> Iterator[Shown]:
    """Every command of a page but those of sessions, in order; each part of `a && b` by itself."""
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield from (Shown(part.strip()) for part in line.split(" && "))
    for block in blocks(page, "console") if page not in TRANSCRIPTS else ():
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            yield Shown(line, output)


def _prose(page: str) -> str:
    return _BLOCK.sub("", text_of(page))


def spans(page: str) -> list[str]:
    """The code spans of a page's text, each on one line."""
    return [" ".join(span.split()) for span in _SPAN.findall(_prose(page))]


def links(page: str) -> list[str]:
    """Where the page's links lead to."""
    return _LINK.findall(_prose(page))


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    prose = _BLOCK.sub("", path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+)$", prose, re.MULTILINE):
        plain = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 1
        while (unique := anchor if number == 1 else f"{anchor}-{number - 1}") in found:
            number += 1
        found.add(unique)
    return found
