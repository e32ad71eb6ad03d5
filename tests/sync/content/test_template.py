"""Templates and values as text: what an embedder gets to read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.faults import ConfigError
from embedconsole.sync.content.template import as_text, parse_template

if TYPE_CHECKING:
    from embedconsole.items import JsonValue

COLUMNS = ("title", "price", "sizes", "facts", "missing")
ROW: dict[str, JsonValue] = {
    "title": "Mug {blue}",
    "price": 9.5,
    "sizes": ["S", None, 3],
    "facts": {"colour": "red", "new": True},
    "missing": None,
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{title}", "Mug {blue}"),
        ("{title} for {price}", "Mug {blue} for 9.5"),
        ("{title}\n{missing}", "Mug {blue}"),
        ("{missing}\n{missing}", ""),
        ("  {title}  ", "Mug {blue}"),
        ("{sizes}; {facts}", "S, , 3; colour: red, new: true"),
        ("{{{title}}}", "{Mug {blue}}"),
        ("no column", "no column"),
        ("{price}{price}", "9.59.5"),
    ],
)
def test_a_template_is_filled_in(template: str, text: str) -> None:
    assert parse_template(template, COLUMNS, "here").render(ROW) == text


@pytest.mark.parametrize(
    "template", ["{colour}", "{title.name}", "{title[0]}", "{}", "{price:.2f}", "{title!r}"]
)
def test_only_columns_and_no_expressions(template: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^pipelines\.p\.embed\.text: the query has no column .*; it has title"
    ):
        parse_template(template, COLUMNS, "pipelines.p.embed.text")


@pytest.mark.parametrize("template", ["{title", "title}", "{title} }"])
def test_unbalanced_braces_are_explained(template: str) -> None:
    with pytest.raises(ConfigError, match=re.escape("write {{ and }} for braces")):
        parse_template(template, COLUMNS, "here")


@given(st.text(), st.text())
def test_values_are_never_read_as_templates(title: str, other: str) -> None:
    template = parse_template("{title}|{missing}", COLUMNS, "here")

    assert template.render({"title": title, "missing": other}) == f"{title}|{other}".strip()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1.0, "1.0"),
        ("a", "a"),
        ([], ""),
        ([1, ["b"]], "1, b"),
    ],
)
def test_values_as_text(value: JsonValue, text: str) -> None:
    assert as_text(value) == text
