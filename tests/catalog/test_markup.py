"""HTML as shops store it, and the text that its readers see."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.catalog.markup import plain_text
from embedconsole.faults import Refused

from .shop import all_rows

if TYPE_CHECKING:
    from support.databases import Database

    from .conftest import OpenCatalog


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (
            "<!-- wp:p --><p>Soft <strong>lea</strong>ther&nbsp;shoe.</p><ul><li>42</li><li>43</li></ul>",
            "Soft leather shoe.\n42\n43",
        ),
        ("Tom &amp; Jerry&#8217;s", "Tom & Jerry\u2019s"),
        ("<script>if (a < b) { x }</script>One<br/>two<style>p {}</style>", "One\ntwo"),
        ('a [gallery ids="1,2"] b [vc_row][vc_column width="1/2"]c[/vc_column][/vc_row]', "a b c"),
        ('[caption id="x"]A photo[/caption] [products]', "A photo"),
        ("Size [sic], [[gallery]], [red], [2024] & 5 < 6", "Size [sic], [[gallery]], [red], [2024] & 5 < 6"),
        ("Size <42, AT&T, R&D", "Size <42, AT&T, R&D"),
        ("plain\n  text", "plain\n  text"),
        ("<p></p>&nbsp;", ""),
    ],
)
def test_what_a_reader_of_the_page_sees(html: str, text: str) -> None:
    assert plain_text(html) == text


def test_only_the_columns_that_hold_html(database: Database, catalog: OpenCatalog) -> None:
    database.run(
        "CREATE TABLE things (id integer PRIMARY KEY, title text, body text, price integer)",
        "INSERT INTO things VALUES (1, '<b>A</b>', '<b>A</b> &amp; B', 5), (2, NULL, NULL, NULL)",
    )
    shop = catalog(database, table="things", html_columns=["body", "price"])
    assert [row.values for row in all_rows(shop)] == [
        {"id": 1, "title": "<b>A</b>", "body": "A & B", "price": 5},
        {"id": 2, "title": None, "body": None, "price": None},
    ]


def test_a_column_that_does_not_exist_is_named(sqlite: Database, catalog: OpenCatalog) -> None:
    sqlite.run("CREATE TABLE things (id integer PRIMARY KEY)")
    with pytest.raises(Refused, match=r"catalog\.html_columns names the column body"):
        catalog(sqlite, table="things", html_columns=["body"]).count()
