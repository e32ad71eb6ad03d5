"""The embedders behind a network, each as a configuration that talks to the loopback service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from embedconsole.config.sections.embedder import EmbedderConfig
from embedconsole.items import EmbedInput

if TYPE_CHECKING:
    from support.embedding_service import EmbeddingService

SIZE = 8
SECRET = "sesame-open-4711"
_CONFIG: TypeAdapter[EmbedderConfig] = TypeAdapter(EmbedderConfig)
_VERSION = "75b33f253f7714a281ad3e9b28f63e3232d583716ef6718f2e46641077ea040a"


@dataclass(frozen=True, slots=True)
class Backend:
    """One way to be configured.

    Attributes:
        door: The address in the service's handle.
        secret: The setting that holds the credentials, with the secret in it.
        batches: Whether a request takes many inputs.
        images: Whether the contract is tested with images too.
    """

    name: str
    settings: dict[str, object]
    door: str
    secret: dict[str, object]
    batches: bool = False
    images: bool = True

    def config(self, service: EmbeddingService, **settings: object) -> EmbedderConfig:
        """Its configuration, `settings` last."""
        url = getattr(service, self.door)
        return _CONFIG.validate_python(
            {"url": url, "timeout": 20, **self.settings, **self.secret, **settings}
        )

    def with_secret(self, secret: str) -> dict[str, object]:
        """The setting of the credentials with another secret."""
        (name,) = self.secret
        return {name: {"Authorization": f"Bearer {secret}"} if name == "headers" else secret}

    def inputs(self, count: int, word: str = "text") -> list[EmbedInput]:
        """`count` different inputs; "text 2." occurs in the content of number 2 alone."""
        made = inputs(count, word)
        return made if self.images else [replace(entry, image=None) for entry in made]

    def sent(self, entry: EmbedInput) -> dict[str, object]:
        """What an input's vector depends on, as `support.embedding_vectors.expected_vector` takes it."""
        if self.name == "items":
            return {**entry.fields, "image_url": entry.image}
        if self.name == "single":
            return {"text": entry.text, "image_url": entry.image}
        return {"image": entry.image} if entry.image else {"text": entry.text}


_HEADERS: dict[str, object] = {"headers": {"Authorization": f"Bearer {SECRET}"}}
_REPLICATE: dict[str, object] = {"type": "replicate", "requests_per_minute": 600_000}
ITEMS = Backend("items", {"type": "http", "shape": "items"}, "url", _HEADERS, batches=True)
SINGLE = Backend("single", {"type": "http", "shape": "single"}, "url", _HEADERS)
OPENAI = Backend(
    "openai",
    {"type": "openai", "model": "text-embedding-3-small"},
    "openai_url",
    {"api_key": SECRET},
    batches=True,
    images=False,
)
REPLICATE = Backend("replicate", {**_REPLICATE, "model": "openai/clip"}, "replicate_url", {"token": SECRET})
REPLICATE_LINES = Backend(
    "replicate-lines",
    {**_REPLICATE, "model": f"andreasjansson/clip-features:{_VERSION}", "batch_input": "inputs"},
    "replicate_url",
    {"token": SECRET},
    batches=True,
)
BACKENDS = (ITEMS, SINGLE, OPENAI, REPLICATE, REPLICATE_LINES)


def inputs(count: int, word: str = "text") -> list[EmbedInput]:
    """`count` different inputs; "text 3." occurs in the content of number 3 alone."""
    return [
        EmbedInput(
            product_id=number,
            text=f"{word} {number}.",
            image=f"https://images.example.com/{number}.jpg" if number % 2 else None,
            fields={"name": f"{word} {number}.", "description": "of wool"},
        )
        for number in range(count)
    ]
