"""Settings of the built-in embedder without a model."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, ValidationError

from embedconsole.config.sections.embedders.base import EmbedderSection
from embedconsole.config.sections.embedders.guide import SetupGuide, SetupSetting

HASHING_VERSION = 1
"""Raise it with every change of the hashing embedder that changes a vector."""


class HashingConfig(EmbedderSection):
    """Words and character n-grams hashed into a vector: deterministic, offline, free."""

    type: Literal["hashing"]
    """Which type of embedder it is."""
    size: Annotated[int, Field(ge=8, le=65_536)] = 512
    """Dimensions."""

    guide: ClassVar[SetupGuide] = SetupGuide(
        name="words",
        summary="no model at all, free and offline; good enough to try things out",
        settings=(SetupSetting("size", "Dimensions", "Of its vectors, 8 or more.", "512"),),
    )
    """What `embedconsole setup` asks for."""

    @property
    def identity(self) -> str:
        """Type, model and every setting that changes a vector."""
        return f"hashing:{HASHING_VERSION}:{self.size}"

    @property
    def vector_size(self) -> int:
        """The dimensions of its vectors."""
        return self.size

    def resized(self, size: int) -> Self | None:
        """The settings for smaller vectors; None for a size that is larger or not allowed."""
        if size > self.size:
            return None
        try:
            return type(self).model_validate({**self.model_dump(), "size": size})
        except ValidationError:
            return None
