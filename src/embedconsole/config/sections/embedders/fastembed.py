"""Settings of models on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal, Self

from pydantic import model_validator

from embedconsole.config.sections.embedders.base import EmbedderSection
from embedconsole.config.sections.embedders.guide import MODEL_HELP, SetupGuide, SetupSetting
from embedconsole.config.sections.embedders.model_folders import check_local
from embedconsole.config.sections.pictures import PicturesConfig
from embedconsole.config.types import OptionalPath, OptionalText, Positive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedconsole.config.sections.embedders.base import Problem
    from embedconsole.config.sections.vector import VectorConfig


class FastembedConfig(EmbedderSection):
    """Models on this machine (extra `local`): one for texts, one for pictures, or a pair of one space."""

    type: Literal["fastembed"]
    """Which type of embedder it is."""
    path: OptionalPath = None
    """The text model's folder, for a host without internet or a model that fastembed does not list; `model`
    is then the name that it is known by, default that of the folder."""
    pooling: Literal["mean", "cls", "last", "none"] | None = None
    """How a text model that fastembed does not list makes one vector of its tokens'; default none where it
    answers one vector a text, else mean."""
    image_model: OptionalText = None
    """The model for pictures; of one space with `model`, a text finds a picture."""
    image_path: OptionalPath = None
    """The image model's folder."""
    cache: OptionalPath = None
    """Where downloaded models are kept; default: our folder in the user's cache."""
    download: bool = True
    """false: only what is in the cache or in `path`."""
    threads: Positive | None = None
    """Of one computation; default: a thread a core."""
    concurrency: Positive = 2
    """While one batch is computed, the pictures of the next one are fetched."""
    normalize: bool | None = None
    """Bring every vector to length 1; default: where there is an image model, as CLIP's texts are not."""
    pictures: PicturesConfig = PicturesConfig()
    """Where pictures may come from, and what they may cost."""

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.for_texts is None and self.for_pictures is None:
            raise ValueError("give model (texts), image_model (pictures) or both")
        return self

    @property
    def for_texts(self) -> str | None:
        """The name of the model for texts; None where there is none."""
        return self.model or (self.path.name if self.path is not None else None)

    @property
    def for_pictures(self) -> str | None:
        """The name of the model for pictures; None where there is none."""
        return self.image_model or (self.image_path.name if self.image_path is not None else None)

    @property
    def normalizes(self) -> bool:
        """Whether vectors are brought to length 1."""
        return self.for_pictures is not None if self.normalize is None else self.normalize

    guide: ClassVar[SetupGuide] = SetupGuide(
        name="local",
        summary="a model on this machine, with the extra [local]",
        settings=(SetupSetting("model", "Model", MODEL_HELP, "Qdrant/clip-ViT-B-32-text"),),
    )
    """What `embedconsole setup` asks for."""
    embeds_both: ClassVar[bool] = False
    """Whether it makes one vector of the text and the picture of an item."""

    @property
    def identity(self) -> str:
        """Type, model and every setting that changes a vector."""
        parts = [self.pooling, self.for_pictures and f"image={self.for_pictures}"]
        end = "".join(f":{part}" for part in parts if part) + (":normalized" if self.normalizes else "")
        return f"fastembed:{self.for_texts or ''}{end}"

    @property
    def takes_texts(self) -> bool:
        """Whether there is a model for texts."""
        return self.for_texts is not None

    @property
    def takes_pictures(self) -> bool:
        """Whether there is a model for pictures."""
        return self.for_pictures is not None

    def check(self, name: str) -> None:
        """Report a missing extra, or what a model's folder lacks.

        Raises:
            ConfigError: Either.
        """
        check_local(name, self.path, self.image_path)

    def _lacking(self, name: str, vector: VectorConfig) -> Iterator[tuple[str, Problem]]:
        at = {"name": name}
        if vector.text and not self.takes_texts:
            yield "text", ("no_model", "it has no model for texts: set embedders.{name}.model", at)
        if vector.image and not self.takes_pictures:
            yield "image", ("no_model", "it has no model for pictures: set embedders.{name}.image_model", at)
