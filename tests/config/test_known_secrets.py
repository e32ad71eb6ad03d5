"""Every secret of a configuration is known, so that text from elsewhere can be cleaned of it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from embedconsole.config.secrets import secrets_of
from embedconsole.redact import hide, mask_text, redacted, redacted_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embedconsole.config.load import Loaded

_TEXT = """
ledger: postgresql://books:ledger%20pw@db/books
embedders:
  ml:
    type: http
    url: https://user:basic-pw@ml/embed?api_key=in-query
    headers: {Authorization: Bearer head-token, X-Other: other-secret}
    tls: {cert: ./a.pem, password: key-pw}
  clip: {type: replicate, model: a/b, token: rep-token}
notify: {to: ["mailto://me:notify-pw@mail"]}
pipelines:
  p:
    catalog: {url: "mysql://shop:shop%2Fpw@db/shop", table: products}
    embed: {embedder: ml, text: "{title}"}
    collection: {url: "http://qdrant:6333", api_key: qd, name: products}
"""


def test_secrets_of_every_kind_are_found(loaded: Callable[..., Loaded]) -> None:
    found = secrets_of(
        loaded(_TEXT).settings, {"OPENAI_API_KEY": "sk-123456", "KEYBOARD": "qwertz", "HOME": "/root"}
    )
    assert {
        "ledger%20pw", "ledger pw", "basic-pw", "in-query", "head-token", "other-secret", "key-pw",
        "notify-pw", "rep-token", "shop%2Fpw", "shop/pw", "sk-123456",
    } <= set(found)  # fmt: skip
    # Longest first, so that none hides a part of another; too short ones would be in every word.
    assert list(map(len, found)) == sorted(map(len, found), reverse=True)
    assert not {"qd", "qwertz", "/root", "products", "shop"} & set(found)


def test_without_a_configuration_the_environment_is_known() -> None:
    found = secrets_of(None, {"DATABASE_URL": "mysql://shop:from-env@db/shop", "DB_PASSWORD": "plain word"})
    assert {"from-env", "plain word"} <= set(found)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at mysql://root:pw@db/shop failed", "at mysql://root:***@db/shop failed"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("password=hunter2 rest", "password=*** rest"),
        ('{"api_key": "abcd1234", "x": 1}', '{"api_key": "***", "x": 1}'),
        ("token: '***'", "token: '***'"),
        ("nothing to see: http://host:80/a@b", "nothing to see: http://host:80/a@b"),
        ("embed_hash token 12", "embed_hash token 12"),
    ],
)
def test_what_looks_like_credentials_is_masked_in_any_text(text: str, shown: str) -> None:
    assert mask_text(text) == shown


@pytest.fixture
def nothing_hidden() -> Iterator[None]:
    """What a test hides is shown again after it."""
    yield
    hide(())


@pytest.mark.usefixtures("nothing_hidden")
def test_a_loaded_configuration_hides_its_secrets_in_every_spelling(loaded: Callable[..., Loaded]) -> None:
    loaded(_TEXT)
    basic = base64.b64encode(b"user:basic-pw").decode()
    told = f"Bearer head-token, shop%2Fpw, shop/pw, in-query, Basic {basic}, to me:notify-pw@mail"

    assert redacted(told) == "***, ***, ***, ***, Basic ***, to ***@mail"
    document = {"error": "no head-token", "rows": [("shop/pw", 7)], "of in-query": None}
    assert redacted_value(document) == {"error": "no ***", "rows": [["***", 7]], "of ***": None}


@pytest.mark.usefixtures("nothing_hidden")
def test_what_the_configuration_shows_itself_is_no_secret(loaded: Callable[..., Loaded]) -> None:
    """Else every line about the table would be garbled; short ones are in every second word."""
    text = _TEXT.replace("shop%2Fpw", "products").replace("rep-token", "Postgres").replace("key-pw", "item")
    loaded(text)

    assert redacted("collection products: 3 items, Postgres") == "collection products: 3 items, Postgres"
    assert redacted("head-token") == "***"
