"""Text out of HTML as shops store it: without markup, shortcodes and entities. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_UNREAD = frozenset({"script", "style", "template", "noscript", "iframe", "svg", "head"})
_INLINE = frozenset(
    ("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd",
     "mark", "q", "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr")
)  # fmt: skip
"""Elements that do not end a word: all others get lines of their own."""

_MARKED = re.compile(r"[<&\[\xa0]")
_SPACES = re.compile(r"[^\S\n]+")
_NAME = r"[A-Za-z][A-Za-z0-9_-]*"
_CLOSED = re.compile(rf"\[/({_NAME})\]")
_SHORTCODE = re.compile(rf"(?<!\[)\[(?P<slash>/?)(?P<name>{_NAME})(?P<rest>(?:\s[^\]\[]*)?)/?\](?!\])")
_WITH_VALUES = re.compile(r"""=|["'0-9]""")
_KNOWN = frozenset(
    ("audio", "caption", "contact-form-7", "embed", "gallery", "playlist", "product", "products", "video")
)
"""Shortcodes of WordPress and WooCommerce that may come alone; `[sic]` is text."""


def plain_text(html: str) -> str:
    """The text that a reader of the page would see; a line for each block, blanks as single ones."""
    if _MARKED.search(html) is None:
        return html
    reader = _Reader()
    reader.feed(_without_shortcodes(html))
    reader.close()
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(reader.texts).split("\n"))
    return "\n".join(filter(None, lines))


class _Reader(HTMLParser):
    """Collects the text of a document, and line breaks where blocks begin and end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self._unread: str | None = None

    def handle_starttag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        """An element begins; nothing is read before the end of one that is not shown."""
        if self._unread is None and tag in _UNREAD:
            self._unread = tag
        self._break(tag)

    def handle_startendtag(self, tag: str, _: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if self._unread == tag:
            self._unread = None
        self._break(tag)

    def handle_data(self, data: str) -> None:
        """Text; HTML's own line breaks are blanks."""
        if self._unread is None:
            self.texts.append(data)

    def _break(self, tag: str) -> None:
        if self._unread is None and tag not in _INLINE:
            self.texts.append("\n")


def _without_shortcodes(text: str) -> str:
    """The text without `[gallery ids="1,2"]` and the like; the text between two of a pair stays."""
    closed = set(_CLOSED.findall(text))

    def kept(match: re.Match[str]) -> str:
        name = match["name"]
        is_one = (
            match["slash"]
            or name in closed
            or name in _KNOWN
            or "_" in name
            or _WITH_VALUES.search(match["rest"]) is not None
        )
        return " " if is_one else match[0]

    return _SHORTCODE.sub(kept, text)
