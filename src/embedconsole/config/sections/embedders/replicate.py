"""Settings of a model on Replicate."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from embedconsole.config.sections.embedders.base import FieldName, RemoteSection
from embedconsole.config.sections.embedders.guide import MODEL_HELP, SetupGuide, SetupSetting, SetupToken
from embedconsole.config.types import OptionalKey, OptionalText, Positive, Timeout, WebAddress
from embedconsole.faults import ConfigError


class ReplicateConfig(RemoteSection):
    """A model on Replicate."""

    type: Literal["replicate"]
    """Which type of embedder it is."""
    model: Annotated[str, StringConstraints(pattern=r"^[\w.-]+/[\w.-]+(:[0-9a-fA-F]{8,64})?$")]
    """`owner/name` of an official model, `owner/name:version` of any other."""
    url: WebAddress = "https://api.replicate.com"
    """Replicate, or a proxy before it."""
    token: OptionalKey = None
    """Replicate's API token."""
    timeout: Timeout = 120.0
    """Of a prediction; what has not ended by then is collected later, not ordered again."""
    requests_per_minute: Positive | None = 600
    """Replicate's own limit for new predictions."""
    text_input: FieldName = "text"
    """The model's input for a text."""
    image_input: FieldName = "image"
    """The model's input for a picture."""
    batch_input: OptionalText = None
    """The input that takes many texts or image addresses, a line each: one prediction for a whole batch."""
    wait: Annotated[int, Field(ge=0, le=60)] = 2
    """Seconds that Replicate holds the request open for the result; then it is asked for again and again."""

    @model_validator(mode="after")
    def _lines_hold_addresses(self) -> Self:
        if self.batch_input is not None and self.pictures.send == "bytes":
            raise ValueError("a model that takes lines (batch_input) takes no pictures but by their address")
        return self

    guide: ClassVar[SetupGuide] = SetupGuide(
        name="clip",
        summary="a model on Replicate",
        settings=(SetupSetting("model", "Model", MODEL_HELP, "openai/clip"),),
        token=SetupToken("REPLICATE_API_TOKEN", "token", needed=True),
    )
    """What `embedconsole setup` asks for."""
    embeds_both: ClassVar[bool] = False
    """Whether it makes one vector of the text and the picture of an item."""

    @property
    def identity(self) -> str:
        """Type, model and every setting that changes a vector."""
        return f"replicate:{self.model}{self._suffix}"

    @property
    def own_fields(self) -> frozenset[str]:
        """See `RemoteSection.own_fields`."""
        if self.batch_input is not None:
            return frozenset({self.batch_input})
        return frozenset({self.text_input, self.image_input})

    def check(self, name: str) -> None:
        """Report a missing token.

        Raises:
            ConfigError: There is none.
        """
        if self.token is None:
            raise ConfigError(
                f"embedders.{name}.token is empty: set the environment variable REPLICATE_API_TOKEN "
                '(and write token: "${REPLICATE_API_TOKEN:-}")'
            )
