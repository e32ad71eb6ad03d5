"""Which items a forced run is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedconsole.faults import ConfigError
from embedconsole.items import CatalogRow
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.state import State
from embedconsole.sync.shared.selection import SelectedRows, parse_selection
from sync.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.ledger.ledger import Ledger

ROW = CatalogRow("35", {"id": 35, "category": "shoes", "sold": True, "note": None, "code": "a=b"})


@pytest.mark.parametrize(
    "texts",
    [["35"], ["id=35"], ["category=shoes"], ["sold=true"], ["note="], ["code=a=b"], ["7", "category=shoes"]],
)
def test_a_row_is_chosen_by_its_key_or_a_value(texts: list[str]) -> None:
    selection = parse_selection(texts)
    assert selection is not None
    assert selection.matching(ROW)
    assert ROW in SelectedRows(selection)


@pytest.mark.parametrize("texts", [["3"], ["id=3"], ["category=shoe"], ["category=Shoes"], ["note=None"]])
def test_a_row_is_not_chosen_by_less(texts: list[str]) -> None:
    selection = parse_selection(texts)
    assert selection is not None
    assert ROW not in SelectedRows(selection)


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


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """One for all examples."""
    with open_ledger(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}") as ledger:
        yield ledger


@settings(max_examples=25)
@given(
    colours=st.lists(st.sampled_from(["red", "green", "blue"]), min_size=1, max_size=12),
    chosen=st.sets(st.sampled_from(["red", "green"]), min_size=1),
    keys=st.sets(st.integers(0, 11)),
    edited=st.sets(st.integers(0, 11)),
)
def test_what_is_not_chosen_and_has_not_changed_is_not_paid_for(
    ledger: Ledger, colours: list[str], chosen: set[str], keys: set[int], edited: set[int]
) -> None:
    desk = Desk(ledger)  # a generation of its own
    for number, colour in enumerate(colours):
        desk.catalog.put(str(number), description=colour)
    desk.plan()
    desk.work()
    changed = {str(number) for number in edited if number < len(colours)}
    for key in changed:
        desk.catalog.put(key, title="edited")
    texts = [f"description={colour}" for colour in chosen] + [str(key) for key in keys]

    result = desk.plan(force=True, only=parse_selection(texts))

    wanted = {str(number) for number, colour in enumerate(colours) if colour in chosen or number in keys}
    assert {key for key, state in desk.states().items() if state is State.EMBED} == wanted | changed
    there = {str(number) for number in range(len(colours))}
    unmatched = {f"description={colour}" for colour in chosen - set(colours)} | set(map(str, keys)) - there
    assert set((result.remark or "").removeprefix("No item of the catalog matches ").split(", ")) == (
        {f"--only {text}" for text in unmatched} or {""}
    )
    paid = desk.embedded
    desk.work()
    assert desk.embedded - paid == len(wanted | changed)
    desk.assert_in_sync()
