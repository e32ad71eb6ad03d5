"""Settings of an OpenAI-compatible service."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from embedconsole.config.sections.embedders.base import FieldName, ServiceSection
from embedconsole.config.sections.embedders.guide import MODEL_HELP, SetupGuide, SetupSetting, SetupToken
from embedconsole.config.types import OptionalKey, Positive, WebAddress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.config.sections.embedders.base import Problem
    from embedconsole.config.sections.vector import VectorConfig


class OpenAIConfig(ServiceSection):
    """An OpenAI-compatible `/v1/embeddings`."""

    type: Literal["openai"]
    """Which type of embedder it is."""
    model: FieldName
    """The model that is asked for. Part of the embed hash: another one embeds everything again."""
    url: WebAddress = "https://api.openai.com/v1"
    """Ends where `/embeddings` begins."""
    api_key: OptionalKey = None
    """Sent as `Authorization: Bearer`."""
    dimensions: Positive | None = None
    """Ask for shorter vectors, where the model can."""
    images: Literal["modality", "object"] | None = None
    """How the server takes images: `"modality": "image"` beside the inputs, or `{"image": ...}` for each."""

    guide: ClassVar[SetupGuide] = SetupGuide(
        name="openai",
        summary="anything that speaks /v1/embeddings: OpenAI, vLLM, TEI, Ollama, Infinity",
        settings=(
            SetupSetting(
                "url",
                "Its address, up to /v1",
                "https://api.openai.com/v1, or that of your own server.",
                "https://api.openai.com/v1",
                option="embedder-url",
            ),
            SetupSetting("model", "Model", MODEL_HELP, "text-embedding-3-small"),
        ),
        token=SetupToken("OPENAI_API_KEY", "api_key"),
        for_pictures={"images": "modality"},
    )
    """What `embedconsole setup` asks for."""
    embeds_both: ClassVar[bool] = False
    """Whether it makes one vector of the text and the picture of an item."""

    @property
    def identity(self) -> str:
        """Type, model and every setting that changes a vector."""
        size = f":{self.dimensions}" if self.dimensions else ""
        return f"openai:{self.model}{size}{self._suffix}"

    @property
    def vector_size(self) -> int | None:
        """The dimensions that are asked for."""
        return self.dimensions

    @property
    def takes_pictures(self) -> bool:
        """Whether the configuration says how pictures are sent."""
        return self.images is not None

    @property
    def own_fields(self) -> frozenset[str]:
        """See `RemoteSection.own_fields`."""
        size = set() if self.dimensions is None else {"dimensions"}
        return frozenset({"model", "input"} | size)

    def _lacking(self, name: str, vector: VectorConfig) -> Iterator[tuple[str, Problem]]:
        if vector.image and not self.takes_pictures:
            at = {"name": name}
            yield "image", ("no_images", "say how the server takes images: embedders.{name}.images", at)
