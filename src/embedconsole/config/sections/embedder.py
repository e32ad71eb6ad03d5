"""The registry of embedder types.

To add one: write its settings class (see `embedders.base`), add the class to the union below, and write the
module `embedconsole.embedders.TYPE` with a function `build`. The reference, the service and the messages
about a wrong configuration follow from this union.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from embedconsole.config.sections.embedders.fastembed import FastembedConfig
from embedconsole.config.sections.embedders.hashing import HashingConfig
from embedconsole.config.sections.embedders.http import HttpConfig
from embedconsole.config.sections.embedders.openai import OpenAIConfig
from embedconsole.config.sections.embedders.replicate import ReplicateConfig

EmbedderConfig = Annotated[
    HttpConfig | HashingConfig | OpenAIConfig | ReplicateConfig | FastembedConfig,
    Field(discriminator="type"),
]
