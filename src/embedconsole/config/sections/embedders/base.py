"""Settings that several types of embedders share, and what each type says about itself.

A type of embedder is a settings class in this package, listed in `config.sections.embedder`, and a module of
the same name in `embedconsole.embedders` with a function `build`.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, LiteralString, Self, TypeAlias

from pydantic import Field, StringConstraints

from embedconsole.config.sections.base import Section
from embedconsole.config.sections.embedders.guide import SetupGuide
from embedconsole.config.sections.pictures import SentPictures
from embedconsole.config.sections.tls import TlsConfig
from embedconsole.config.types import Constants, Headers, OptionalText, Positive, Timeout, sent_headers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedconsole.config.sections.vector import VectorConfig

FieldName = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]

Problem: TypeAlias = "tuple[LiteralString, LiteralString, Mapping[str, str]]"
"""The type, the message and the values of a `PydanticCustomError`."""


class EmbedderSection(Section):
    """What all embedders have in common."""

    batch_size: Positive = 100
    """Items in one request."""
    concurrency: Positive = 8
    """Requests in flight at most."""
    timeout: Timeout = 60.0
    """A request that takes longer is tried again."""
    requests_per_minute: Positive | None = None
    """Stay below it, each process for itself; default: no limit."""
    items_per_minute: Positive | None = None
    """The same of items."""
    price_per_1000: Annotated[float, Field(ge=0)] | None = None
    """Of a thousand embeddings, in your currency: for estimates and `--max-cost`."""
    model: OptionalText = None
    """Part of the embed hash: a new name embeds everything again. Change it when the service does."""

    guide: ClassVar[SetupGuide]
    """What `embedconsole setup` asks for."""
    embeds_both: ClassVar[bool] = True
    """Whether it makes one vector of the text and the picture of an item."""

    @property
    @abstractmethod
    def identity(self) -> str:
        """Type, model and every setting that changes a vector; no address, no secret: `Embedder.identity`."""

    @property
    def vector_size(self) -> int | None:
        """The dimensions of its vectors where the configuration says so."""
        return None

    @property
    def takes_texts(self) -> bool:
        """Whether it embeds texts."""
        return True

    @property
    def takes_pictures(self) -> bool:
        """Whether it embeds pictures."""
        return True

    def resized(self, size: int) -> Self | None:
        """The settings for smaller vectors of the same kind; None where the size is fixed."""
        return None

    def check(self, name: str) -> None:
        """Report what would keep the embedder from working at its first item; no backend is imported.

        Raises:
            ConfigError: Its backend is not installed, or it has no credentials.
        """

    def problems(self, name: str, vector: VectorConfig) -> Iterator[tuple[str, Problem]]:
        """The keys of a vector that do not fit this embedder, each with what is wrong."""
        if vector.text and vector.image and vector.combine is None and not self.embeds_both:
            message: LiteralString = (
                "{kind} embeds a text or an image: leave one of them out, or add combine: mean"
            )
            yield "image", ("text_or_image", message, {"kind": self.identity.partition(":")[0]})
        else:
            yield from self._lacking(name, vector)

    def _lacking(self, name: str, vector: VectorConfig) -> Iterator[tuple[str, Problem]]:
        """The problems that only this type has."""
        yield from ()

    def unused(self, name: str, vector: VectorConfig) -> Iterator[tuple[str, str]]:
        """The keys of a vector that this embedder makes no use of, each with the reason."""
        yield from ()

    def conflicts(self) -> Iterator[tuple[tuple[str, ...], Problem]]:
        """The places in its own section that contradict each other, each with what is wrong."""
        yield from ()


class RemoteSection(EmbedderSection):
    """What all embedders behind a network have in common."""

    normalize: bool = False
    """Bring every vector to length 1, for models that leave it to the caller (text against image, dot)."""
    extra: Constants = {}
    """Sent with every request as it is. Part of the embed hash, since models take settings that way."""
    pictures: SentPictures = SentPictures()
    """How pictures reach the service."""
    tls: TlsConfig = TlsConfig()
    """How an https address is trusted, and how it trusts us."""

    @property
    def own_fields(self) -> frozenset[str]:
        """The fields of a request that this program fills in."""
        return frozenset()

    def conflicts(self) -> Iterator[tuple[tuple[str, ...], Problem]]:
        """See `EmbedderSection.conflicts`."""
        message: LiteralString = "is filled in by embedconsole, so it can't be set here: remove it"
        for field in sorted(self.own_fields & set(self.extra)):
            yield ("extra", field), ("own_field", message, {})

    @property
    def _suffix(self) -> str:
        """The end of the identity: what changes the vectors of any remote model."""
        extra = as_words({"extra": self.extra} if self.extra else {})
        return f"{extra}:normalized" if self.normalize else extra


class ServiceSection(RemoteSection):
    """A service of one address that takes JSON."""

    headers: Headers = {}
    """Sent with every request; secrets. One without a value, or only `Bearer`, is not sent."""
    gzip: bool = False
    """Compress requests; replies may be compressed in any case."""
    health: OptionalText = None
    """A path on the same host that answers 2xx when all is well; `test` asks it first."""

    @property
    def request_headers(self) -> dict[str, str]:
        """The headers to send, in clear text; those without a value are left out."""
        return sent_headers(self.headers)


def as_words(values: dict[str, dict[str, object]]) -> str:
    """Settings as a part of an identity; empty when there are none."""
    return f":{json.dumps(values, sort_keys=True, separators=(',', ':'))}" if values else ""
