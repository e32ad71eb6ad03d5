"""Which of the user's tables the change feed watches."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, model_validator

from embedconsole.config.sections.base import Section
from embedconsole.config.types import OptionalText

KEY_PARAMETER = re.compile(r"(?<![:\w]):key\b")
"""Where `keys` takes the value of the watched column; `::key` is a cast."""


class WatchConfig(Section):
    """A table whose changes are changes of items."""

    table: Annotated[str, Field(min_length=1)]
    """The table that gets triggers."""
    key: Annotated[str, Field(min_length=1)] = "id"
    """The column that holds the item's key."""
    keys: OptionalText = None
    """Where no column holds an item's key, a query that finds the items of a value of `key`:
    `SELECT id FROM products WHERE category_id = :key`."""

    @model_validator(mode="after")
    def _keys_take_a_value(self) -> Self:
        if self.keys is not None and not KEY_PARAMETER.search(self.keys):
            raise ValueError("keys must say where the value goes: ... WHERE category_id = :key")
        return self
