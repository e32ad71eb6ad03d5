"""Text from outside is cleaned by one rule, whoever shows it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.collection.qdrant.errors import ServerAddress
from embedconsole.console.text import clean, is_clean
from embedconsole.database_faults import database_fault
from embedconsole.embedders.transport import Service
from embedconsole.foreign_text import READABLE, harmless, masked, one_line

EVIL = "\x1b[2J\x1b]52;c;aGk=\x07 \x9b31m \u202egnp\u202c \u2066x\u2069 \u061c \ud800 \x00 \x7f"


@given(st.text() | st.just(EVIL))
def test_nothing_that_harms_a_terminal_comes_through(text: str) -> None:
    harmed = {character for character in harmless(text) if not is_clean(character)}
    # What has no width is the console's affair alone, and lines are the caller's.
    assert all(character in "\t\n" or character >= "\u200b" for character in harmed)
    assert is_clean(clean(text))
    assert harmless(harmless(text)) == harmless(text)
    assert one_line(text).isprintable()
    assert len(one_line(text)) <= READABLE


@pytest.mark.parametrize("secret", ["s3cret/with+signs", "häslo words"])
def test_secrets_are_masked_wherever_they_come_back(secret: str) -> None:
    from urllib.parse import quote

    said = f"bad key {secret} in ?key={quote(secret, safe='')} and {secret[:3]}\x00{secret[3:]}"

    for shown in (
        masked(said, (secret,)),
        Service("ml", "embedders.ml.headers", (secret,)).clean(said),
        ServerAddress("collection products", (secret,)).clean(said),
        str(database_fault("catalog", ValueError(said), secrets=(secret,))),
    ):
        assert secret not in shown
        assert quote(secret, safe="") not in shown


def test_a_password_in_an_address_never_shows() -> None:
    error = ValueError("can't connect to postgresql://shop:hunter2@db/shop")

    assert "hunter2" not in str(database_fault("ledger", error))
