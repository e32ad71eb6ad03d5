"""Which items a forced run is about."""

from __future__ import annotations

import pytest

from embedconsole.faults import ConfigError
from embedconsole.items import CatalogRow
from embedconsole.sync.selection import parse_selection

ROW = CatalogRow("35", {"id": 35, "category": "shoes", "sold": True, "note": None, "code": "a=b"})


@pytest.mark.parametrize(
    "texts",
    [["35"], ["id=35"], ["category=shoes"], ["sold=true"], ["note="], ["code=a=b"], ["7", "category=shoes"]],
)
def test_a_row_is_chosen_by_its_key_or_a_value(texts: list[str]) -> None:
    selection = parse_selection(texts)
    assert selection is not None
    assert ROW in selection


@pytest.mark.parametrize("texts", [["3"], ["id=3"], ["category=shoe"], ["category=Shoes"], ["note=None"]])
def test_a_row_is_not_chosen_by_less(texts: list[str]) -> None:
    selection = parse_selection(texts)
    assert selection is not None
    assert ROW not in selection


def test_nothing_to_choose_by_is_no_selection() -> None:
    assert parse_selection([]) is None


@pytest.mark.parametrize("text", ["", "=shoes", " =x"])
def test_what_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="COLUMN=VALUE or a key"):
        parse_selection([text])


def test_an_unknown_column_is_refused_with_those_there_are() -> None:
    selection = parse_selection(["35", "kategorie=shoes"])
    assert selection is not None
    with pytest.raises(ConfigError, match=r"products: .*no column 'kategorie'; it has id, category"):
        selection.check("products", ["id", "category"])
