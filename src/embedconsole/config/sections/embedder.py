"""The registry of embedder types.

To add one: write its settings class (see `embedders.base`), add the class to the union below, and write the
module `embedconsole.embedders.TYPE` with a function `build`. The reference, the service, `setup` with its
options and the messages about a wrong configuration follow from this union.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, get_args

from pydantic import Field

from embedconsole.config.sections.embedders.fastembed import FastembedConfig
from embedconsole.config.sections.embedders.hashing import HashingConfig
from embedconsole.config.sections.embedders.http import HttpConfig
from embedconsole.config.sections.embedders.openai import OpenAIConfig
from embedconsole.config.sections.embedders.replicate import ReplicateConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.config.sections.embedders.base import EmbedderSection

EmbedderConfig = Annotated[
    HttpConfig | OpenAIConfig | ReplicateConfig | FastembedConfig | HashingConfig,
    Field(discriminator="type"),
]

EMBEDDERS: Mapping[str, type[EmbedderSection]] = {
    get_args(section.model_fields["type"].annotation)[0]: section
    for section in get_args(get_args(EmbedderConfig)[0])
}
"""Type, as the configuration names it, to its settings class; in the order in which they are offered."""
