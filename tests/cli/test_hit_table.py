"""Hits on a terminal: what stands in the columns, how wide they are, and that nothing foreign acts."""

from __future__ import annotations

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from embedconsole.cli.hit_table import hit_table
from embedconsole.filters import Condition, Scope
from embedconsole.items import Hit, JsonObject
from embedconsole.sync.search.presentation import HitFormat
from embedconsole.sync.search.search import ByText, SearchResult

EVIL = "\x1b]52;c;aGk=\x07\x9b31m\u202e[bold]x[/bold]\n:smile:"


def found(*payloads: JsonObject, scope: Scope) -> SearchResult:
    hits = [Hit(at, 0.5, payload, group="g") for at, payload in enumerate(payloads, 1)]
    return SearchResult(ByText("mug"), "", 10, tuple(hits), 0.1, 0.1, scope)


def drawn(result: SearchResult, width: int, link: str | None = None) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system="truecolor", markup=False)
    console.print(hit_table(result, HitFormat(link=link), width))
    return out.getvalue()


def shown(result: SearchResult, width: int, link: str | None = None) -> list[str]:
    """The lines as one sees them."""
    out = io.StringIO()
    Console(file=out, width=width, markup=False).print(hit_table(result, HitFormat(link=link), width))
    return [line.rstrip() for line in out.getvalue().splitlines()]


SHOES: JsonObject = {
    "title": "Red running shoes with a name that is longer than the others",
    "category": "Shoes",
    "price": 104.5,
    "metadata": {"color": "red"},
    "url": "https://shop.example.com/products/running/SHO-001117",
}
MUG: JsonObject = {"title": "Mug", "category": "Mugs", "price": 9.95, "metadata": {"color": None}}


def test_columns_are_what_was_asked_about_and_the_title_has_its_room() -> None:
    scope = Scope((Condition("price", "<", (200,)), Condition("title", "~", ("x",))), "category")
    result = found(SHOES, MUG, scope=scope)

    assert shown(result, 80) == [
        "score  key  title                                category  price  link",
        "0.500    1  Red running shoes with a name that…  Shoes     104.5  …ng/SHO-001117",
        "0.500    2  Mug                                  Mugs       9.95",
    ]
    plain = shown(found(SHOES, MUG, scope=Scope()), 120)
    assert plain[1].endswith("shop.example.com/products/running/SHO-001117")
    assert "category" not in plain[0]


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_hostile_payloads_are_text_on_lines_of_their_own(width: int) -> None:
    wide = "日本語" * 40
    hostile: JsonObject = {"title": EVIL, "category": EVIL, "price": EVIL, "url": f"https://x.example/{EVIL}"}
    result = found(
        hostile, {"name": wide, "category": [wide, EVIL], "url": "javascript:x"}, scope=Scope((), "category")
    )

    lines = shown(result, width)

    assert len(lines) == 3
    assert all(cell_len(line) <= width for line in lines)
    assert not any(char in "".join(lines) for char in "\x1b\x9b\x07\u202e")
    assert "]8;" not in drawn(result, width), "an address with a control character is no link"


def test_a_link_is_whole_however_much_of_it_is_shown() -> None:
    text = drawn(found(SHOES, MUG, scope=Scope()), 60)
    assert text.count("https://shop.example.com/products/running/SHO-001117\x1b\\") == 1
    odd: JsonObject = {"id": "a/b?c\x1b\u202e&ü", "title": "Mug"}
    linked = drawn(found(odd, scope=Scope()), 60, link="https://shop.example.com/p/{id}")
    assert ";https://shop.example.com/p/a%2Fb%3Fc%1B%E2%80%AE%26%C3%BC\x1b\\" in linked
