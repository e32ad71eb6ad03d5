"""Input with which an embedder is tried; it belongs to no item."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.items import EmbedInput

if TYPE_CHECKING:
    from embedconsole.config.sections.vector import VectorConfig

_TEXT = "embedconsole test: red running shoes"
_PICTURE = (  # 8 x 8 pixels of red
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC"
)


def trial_input(config: VectorConfig) -> EmbedInput:
    """A text, or a picture where only pictures are embedded."""
    return trial_of(text=config.text is not None)


def trial_of(*, text: bool) -> EmbedInput:
    """A text, or else a picture."""
    if text:
        return EmbedInput(0, _TEXT, None, {"name": _TEXT, "description": ""})
    return EmbedInput(0, None, _PICTURE, {"name": "", "description": ""})
