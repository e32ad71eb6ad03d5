"""What stands for an item where an embedder is tried: an embedding that belongs to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.items import EmbedInput

if TYPE_CHECKING:
    from embedconsole.config.model import VectorConfig

_TEXT = "embedconsole test: red running shoes"
_PICTURE = (  # 8 x 8 pixels of red
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEklEQVR4nGP4z8CAFWEXHbQSACj/P8Fu7N9hAAAAAElFTkSuQmCC"
)


def trial_input(config: VectorConfig) -> EmbedInput:
    """A text, or a picture where only pictures are embedded."""
    if config.text is None:
        return EmbedInput(0, None, _PICTURE, {"name": "", "description": ""})
    return EmbedInput(0, _TEXT, None, {"name": _TEXT, "description": ""})
