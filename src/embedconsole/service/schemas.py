"""What the service is sent and what it answers, as its OpenAPI document says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import orjson
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

if TYPE_CHECKING:
    from pydantic.config import JsonDict

SHOE: JsonDict = {
    "product_id": 35,
    "name": "Red running shoes",
    "description": "Light, for long distances",
    "image_url": "https://shop.example.com/35.jpg",
}


OBJECT, LIST, TEXT = "<object>", "<list>", "<text>"
"""Tags of shapes; they are parts of a problem's place that name no part of what was sent."""


class Shape(BaseModel):
    """Names that are not known are let pass, as services do that clients send settings to."""

    model_config = ConfigDict(frozen=True)


class Item(Shape):
    """A product. Its texts are embedded together: name, description, and every other field that is a text."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [SHOE]})

    product_id: int | str | None = Field(None, description="Repeated with the item's error, if it has one.")
    name: str | None = None
    description: str | None = None
    image_url: str | None = Field(None, description="http:, https: or data:")

    @property
    def fields(self) -> dict[str, str]:
        """The texts by name, those that are blank too."""
        texts: dict[str, Any] = {
            "name": self.name,
            "description": self.description,
            **(self.model_extra or {}),
        }
        return {name: text for name, text in texts.items() if isinstance(text, str)}


Items: TypeAlias = Annotated[list[Item], Field(fail_fast=True)]
"""The first wrong one is enough: a million of them would be a gigabyte of errors."""


class ItemsRequest(Shape):
    """Products to embed."""

    items: Items


def _kind(value: object) -> str:
    """Which of several shapes is meant, so that only the errors of that one are reported."""
    if isinstance(value, str):
        return TEXT
    return LIST if isinstance(value, list) else OBJECT


ItemsBody: TypeAlias = Annotated[
    Annotated[ItemsRequest, Tag(OBJECT)] | Annotated[Items, Tag(LIST)], Discriminator(_kind)
]


class ItemError(Shape):
    """What stands in place of a vector for an item that can't be embedded."""

    error: str
    product_id: int | str | None = None


class ItemsReply(Shape):
    """A vector or an error for each item, in order."""

    embeddings: list[list[float] | ItemError]


class SingleRequest(Shape):
    """A text, a picture, or both."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "Red running shoes", "image_url": SHOE["image_url"]}]}
    )

    text: str | None = None
    image_url: str | None = Field(None, description="http:, https: or data:")


class SingleReply(Shape):
    """The vector."""

    embedding: list[float]


class OpenAIImage(Shape):
    """A picture among the inputs, as some servers take them."""

    image: str


OpenAIInput: TypeAlias = Annotated[
    Annotated[str, Tag(TEXT)] | Annotated[OpenAIImage, Tag(OBJECT)], Discriminator(_kind)
]
OpenAIInputs: TypeAlias = Annotated[list[OpenAIInput], Field(min_length=1, fail_fast=True)]


class OpenAIRequest(Shape):
    """OpenAI's embeddings request."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"input": ["Red running shoes", "Blue mug"], "encoding_format": "float"}]
        }
    )

    input: Annotated[Annotated[str, Tag(TEXT)] | Annotated[OpenAIInputs, Tag(LIST)], Discriminator(_kind)]
    model: str | None = Field(None, description="The embedder's name, or its model; see /v1/models.")
    encoding_format: Literal["float", "base64"] | None = "float"
    dimensions: Annotated[int, Field(ge=1, le=65_536)] | None = Field(
        None, description="Only where the embedder can give vectors of another size."
    )
    modality: Literal["text", "image"] = Field("text", description="What `input` holds, as Infinity has it.")


class OpenAIEmbedding(Shape):
    """One vector; base64 is that of little-endian float32."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class OpenAIUsage(Shape):
    """Words: tokens are not counted here."""

    prompt_tokens: int
    total_tokens: int


class OpenAIReply(Shape):
    """The vectors in the order of the inputs."""

    object: Literal["list"] = "list"
    data: list[OpenAIEmbedding]
    model: str
    usage: OpenAIUsage


class OpenAIModel(Shape):
    """What is served."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "embedconsole"


class OpenAIModels(Shape):
    """All that is served: one."""

    object: Literal["list"] = "list"
    data: list[OpenAIModel]


class HealthReply(Shape):
    """All is well."""

    status: Literal["ok"] = "ok"
    embedder: str
    identity: str = Field(description="What makes vectors comparable: type, model and settings.")
    dimensions: int | None = Field(description="Null as long as nothing was embedded.")


class ErrorDetail(Shape):
    """What went wrong."""

    message: str
    type: str
    param: str | None = None
    code: str | None = None


class ErrorReply(Shape):
    """An error in OpenAI's form, on all paths."""

    error: ErrorDetail


def vectors_reply(body: object) -> Response:
    """JSON with vectors in it, as they are."""
    return Response(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
