"""Settings of one vector of an item."""

from __future__ import annotations

from typing import Literal, Self, TypeAlias

from pydantic import model_validator

from embedconsole.config.sections.base import Section
from embedconsole.config.types import (
    Combine,
    OptionalTemplate,
    Positive,
    Template,
)
from embedconsole.items import Distance

ImageHash: TypeAlias = Literal["url", "bytes", "etag"]


class VectorConfig(Section):
    """What one vector of an item is made of. Templates name the query's columns: `{title}`."""

    embedder: str
    """Its name under `embedders`."""
    text: OptionalTemplate = None
    """A template over the query's columns: `"{title}\\n{description}"`; `{{` is a literal brace."""
    image: OptionalTemplate = None
    """A template for a picture's address or path; left out for items where it comes out empty."""
    fields: dict[str, Template] | None = None
    """Field to column, sent beside id and image by `shape: items`; default: the text as `name`."""
    size: Positive | None = None
    """Dimensions; default: the collection's `size`, else what the embedder answers."""
    distance: Distance | None = None
    """Default: the collection's `distance`."""
    pictures: Literal["first", "all"] = "first"
    """Where the image's column holds a list: embed the first one, or each of them (a multivector)."""
    image_hash: ImageHash = "url"
    """How a changed picture is noticed: by its address, or with a look at it at every full scan."""
    combine: Combine | None = None
    """Text and image are embedded one by one, and made one vector here; else the service gets both."""

    @model_validator(mode="after")
    def _something_to_embed(self) -> Self:
        if not self.text and not self.image:
            raise ValueError("give text, image or both")
        if self.combine and not (self.text and self.image):
            raise ValueError("combine goes with text and image: give both, or leave it out")
        if self.image_hash != "url" and not self.image:
            raise ValueError("image_hash goes with image")
        if self.pictures == "all" and (self.text or not self.image):
            raise ValueError("pictures: all goes with image alone; a text gets a vector of its own")
        return self
