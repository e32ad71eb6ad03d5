"""References to environment variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.config.interpolate import escape, expand
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.config.load import Loaded

ENVIRON = {"A": "a", "B_1": "b", "EMPTY": "", "RAW": "${A} $${A} }"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${A}", "a"), ("x${A}y${B_1}z", "xaybz"), ("${EMPTY}", ""), ("${EMPTY:-d}", "d"), ("${NO:-d}", "d"),
        ("${A:-d}", "a"), ("${NO:-}", ""), ("${NO:-a:-b}", "a:-b"), ("${NO:-${A}!}", "a!"),
        ("${A:-${NO}}", "a"),
        ("$${A}", "${A}"), ("$$${A}", "$${A}"), ("${RAW}", "${A} $${A} }"), ("$A $ {A} }", "$A $ {A} }"),
        ("${NO:-$${}", "${"), ("100$", "100$"), ("$$", "$$"),
    ],
)  # fmt: skip
def test_references(text: str, expanded: str) -> None:
    assert expand(text, ENVIRON) == expanded


@pytest.mark.parametrize(
    "text", ["${", "${}", "${A", "${A-b}", "${1A}", "${A:-b", "${ A}", "${NO:-${A}", "${é}"]
)
def test_what_is_no_reference_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ConfigError, match=r"\$\{NAME:-default\}"):
        expand(text, ENVIRON)


def test_endless_nesting_is_refused() -> None:
    with pytest.raises(ConfigError):
        expand("${NO:-" * 5000 + "}" * 5000, {})


@given(st.text(alphabet=st.one_of(st.sampled_from("${}:-A"), st.characters()), max_size=30))
def test_escaped_text_expands_to_itself(text: str) -> None:
    assert expand(escape(text), {}) == text


@given(st.text(max_size=20), st.text(alphabet=st.characters(exclude_characters="${}"), max_size=20))
def test_values_are_taken_literally(value: str, around: str) -> None:
    assert expand(f"{around}${{V}}{around}", {"V": value}) == f"{around}{value}{around}"


def test_all_missing_variables_are_reported_together(base: str, loaded: Callable[..., Loaded]) -> None:
    text = base.replace("http://ml:8000/embed", "${ML_URL}").replace("sqlite:///shop.db", "${DB}/${DB}${X}")
    with pytest.raises(ConfigError) as caught:
        loaded(text)
    assert str(caught.value).splitlines() == [
        "c.yaml:2: embedders.ml.url: environment variable ML_URL is not set",
        "c.yaml:5: pipelines.products.catalog.url: environment variables DB, X are not set",
    ]


def test_an_overridden_value_needs_no_variable(base: str, loaded: Callable[..., Loaded]) -> None:
    text = base.replace("http://ml:8000/embed", "${ML_URL}")
    settings = loaded(text, {"EMBEDCONSOLE_EMBEDDERS__ML__URL": "http://other/${x}"}).settings
    assert getattr(settings.embedders["ml"], "url", None) == "http://other/${x}"


def test_an_empty_reference_is_as_if_nothing_were_written(base: str, loaded: Callable[..., Loaded]) -> None:
    settings = loaded(base + "workers: ${W:-}\nchunk_size: ${C:-7}\nledger: ${L:-}\n").settings
    assert (settings.workers, settings.chunk_size, settings.ledger) == (8, 7, None)
    with pytest.raises(ConfigError, match=r"c\.yaml:5: pipelines\.products\.catalog\.url: is empty"):
        loaded(base.replace("sqlite:///shop.db", "${DB:-}"))
