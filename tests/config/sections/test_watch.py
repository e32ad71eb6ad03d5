"""`catalog.watch`: what it takes, what it refuses and where, and how it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from embedconsole.config.show import show
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.config.load import Loaded

CATEGORIES = '{table: categories, keys: "SELECT id FROM products\\nWHERE category_id = :key"}'


def watching(base: str, *entries: str) -> str:
    return base.replace("table: products", f"table: products, watch: [{', '.join(entries)}]")


def test_what_is_watched_is_shown_as_it_was_written(loaded: Callable[..., Loaded], base: str) -> None:
    result = loaded(watching(base, "{table: products}", CATEGORIES))

    shown = yaml.safe_load(show(result, environ={}))["pipelines"]["products"]["catalog"]["watch"]

    assert shown == [
        {"table": "products", "key": "id"},
        {
            "table": "categories",
            "key": "id",
            "keys": "SELECT id FROM products\nWHERE category_id = :key",
        },
    ]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (["{table: categories, keys: SELECT id FROM products}"], r"watch\[0\]: keys must say where"),
        (
            ["{table: categories, keys: \"SELECT 'x'::key FROM products\"}"],
            r"watch\[0\]: keys must say where",
        ),
        (["{table: products}", "{table: products, key: parent_id}"], "watch names a table twice"),
        (["{key: id}"], r"watch\[0\]\.table: "),
        (["{table: products, keyy: id}"], "keyy"),
    ],
)
def test_a_watch_that_cant_work_is_refused(
    loaded: Callable[..., Loaded], base: str, entries: list[str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        loaded(watching(base, *entries))
