"""Settings of a service of your own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from embedconsole.config.sections.base import Section
from embedconsole.config.sections.embedders.base import FieldName, ServiceSection, as_words
from embedconsole.config.sections.embedders.guide import SetupGuide, SetupSetting, SetupToken
from embedconsole.config.types import ReplyPath, WebAddress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.config.sections.embedders.base import Problem
    from embedconsole.config.sections.vector import VectorConfig


class HttpRequest(Section):
    """The names in a request to a service of your own."""

    items: FieldName = "items"
    """`items`: the list of items."""
    product_id: FieldName = "product_id"
    """`items`: an item's key."""
    text: FieldName = "text"
    """`single`: the text."""
    image: FieldName = "image_url"
    """The picture's address."""


class HttpReply(Section):
    """Where a reply holds what: names with dots between them, `.` for the reply itself."""

    vectors: ReplyPath = "embeddings"
    """`items`: the list with an entry an item, each a vector, null, or an object with `vector` or `error`."""
    vector: ReplyPath = "embedding"
    """In an entry of that list, or in the reply to `single`: the vector."""
    error: ReplyPath = "error"
    """In an entry of that list: why there is none."""
    errors: ReplyPath | None = None
    """`items`: a list beside the vectors, of texts and nulls or of {index, error}."""


class HttpConfig(ServiceSection):
    """A service of your own."""

    type: Literal["http"]
    """Which type of embedder it is."""
    url: WebAddress
    """Where requests are posted to."""
    shape: Literal["items", "single"] = "items"
    """`items`: a list in a request. `single`: one item."""
    request: HttpRequest = HttpRequest()
    """Your service's own names in a request."""
    reply: HttpReply = HttpReply()
    """Where its replies hold what."""
    empty: str | None = None
    """Sent in place of a text or picture that an item does not have; default null. `""` where the service's
    model says `image_url: str`."""

    guide: ClassVar[SetupGuide] = SetupGuide(
        name="ml",
        summary='a service of your own, POST {"items": [...]} -> {"embeddings": [...]}',
        settings=(
            SetupSetting(
                "url",
                "Its address",
                "Where the items are posted to.",
                "http://127.0.0.1:8000/embed",
                variable="ML_EMBEDDING_URL",
                option="embedder-url",
            ),
            SetupSetting(
                "shape",
                "Shape of its requests: items, single",
                'items: many at once, {"items": [...]}; single: {"text", "image_url"}, one request an item.',
                "items",
                choices=("items", "single"),
            ),
        ),
        token=SetupToken("ML_TOKEN", "authorization", usual=False),
        fields_if={"shape": "items"},
    )
    """What `embedconsole setup` asks for."""

    @property
    def identity(self) -> str:
        """Type, model and every setting that changes a vector."""
        names = {
            "request": self.request.model_dump(exclude_defaults=True),
            "reply": self.reply.model_dump(exclude_defaults=True, include={"vectors", "vector"}),
        }
        changed = as_words({key: value for key, value in names.items() if value})
        return f"http:{self.shape}:{self.model or ''}{changed}{self._suffix}"

    @property
    def own_fields(self) -> frozenset[str]:
        """See `RemoteSection.own_fields`."""
        names = self.request
        return frozenset({names.items} if self.shape == "items" else {names.text, names.image})

    def unused(self, name: str, vector: VectorConfig) -> Iterator[tuple[str, str]]:
        """See `EmbedderSection.unused`."""
        if vector.fields and self.shape == "single":
            yield "fields", f"is not sent: embedders.{name} has shape: single, which sends text and image"

    def _lacking(self, name: str, vector: VectorConfig) -> Iterator[tuple[str, Problem]]:
        if vector.image and self.request.image in (vector.fields or {}):
            yield (
                "fields",
                (
                    "picture_twice",
                    "{name} is what the picture is sent as: remove it from fields, or remove image",
                    {"name": self.request.image},
                ),
            )
