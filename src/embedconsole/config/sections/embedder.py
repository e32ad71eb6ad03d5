"""The settings of the embedders, one section a type; a part of the tree in `model.py`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from embedconsole.config.sections.base import Section
from embedconsole.config.sections.pictures import PicturesConfig, SentPictures
from embedconsole.config.sections.tls import TlsConfig
from embedconsole.config.types import (
    Constants,
    Headers,
    OptionalKey,
    OptionalPath,
    OptionalText,
    Positive,
    ReplyPath,
    Timeout,
    WebAddress,
    sent_headers,
)

FieldName = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


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
    """Which of the five kinds it is."""
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


class HashingConfig(EmbedderSection):
    """Words and character n-grams hashed into a vector: deterministic, offline, free."""

    type: Literal["hashing"]
    """Which of the five kinds it is."""
    size: Annotated[int, Field(ge=8, le=65_536)] = 512
    """Dimensions."""


class OpenAIConfig(ServiceSection):
    """An OpenAI-compatible `/v1/embeddings`."""

    type: Literal["openai"]
    """Which of the five kinds it is."""
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


class ReplicateConfig(RemoteSection):
    """A model on Replicate."""

    type: Literal["replicate"]
    """Which of the five kinds it is."""
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


class FastembedConfig(EmbedderSection):
    """Models on this machine (extra `local`): one for texts, one for pictures, or a pair of one space."""

    type: Literal["fastembed"]
    """Which of the five kinds it is."""
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


EmbedderConfig = Annotated[
    HttpConfig | HashingConfig | OpenAIConfig | ReplicateConfig | FastembedConfig,
    Field(discriminator="type"),
]
