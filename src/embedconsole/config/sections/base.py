"""What every part of the settings tree is like."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, model_validator

from embedconsole.redact import mask_url

if TYPE_CHECKING:
    from collections.abc import Iterable


class Section(BaseModel):
    """A part of the tree: unknown keys are errors, null means the default, values do not change."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _null_is_default(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}

    def __repr_args__(self) -> Iterable[tuple[str | None, object]]:
        """Addresses may hold credentials: no repr, log line or traceback shows them."""
        return [
            (name, mask_url(value) if isinstance(value, str) else value)
            for name, value in super().__repr_args__()
        ]
