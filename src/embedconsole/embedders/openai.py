"""`/v1/embeddings` as OpenAI, vLLM, TEI, Ollama, Infinity, LiteLLM and others speak it.

POST {"model", "input": [...], "encoding_format", "dimensions"} -> {"data": [{"index", "embedding"}, ...]}
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from embedconsole.embedders.batching import Budget, Portions, Row, TooLarge
from embedconsole.embedders.remote import Remote, with_content, with_pictures
from embedconsole.embedders.transport import (
    ServerError,
    Service,
    Wire,
    address_secrets,
    decode,
    encode,
    header_secrets,
    reply_limit,
    value_at,
)
from embedconsole.faults import BadAnswer, BadInput, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.sections.embedders.openai import OpenAIConfig
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets
    from embedconsole.faults import Fault
    from embedconsole.items import Embedded, EmbedInput, JsonObject, JsonValue

_PATH = "/embeddings"
_IMAGES_AT_ONCE = 32
"""Infinity's limit for images; texts have none that is known beforehand."""
_ENCODINGS = ("base64", "float", None)
"""Asked for one after the other, until the server knows what it is asked for; None asks for none."""
_ABOUT_ENCODING = re.compile(r"encoding_format|base64", re.IGNORECASE)
_ABOUT_THE_SETTINGS = re.compile(
    r"(?:specify|support|change|chang\w+)[^.]{0,40}dimension|dimension[^.]{0,40}(?:support|allow|invalid)"
    r"|model[^.]{0,80}(?:not found|not exist|not supported|not deployed|unknown|invalid)"
    r"|(?:invalid|unknown|unsupported) model|modality",
    re.IGNORECASE,
)


class OpenAIEmbedder(Remote):
    """One address, one model.

    How much the server takes in a request is learnt from its refusals.
    """

    def __init__(self, name: str, config: OpenAIConfig, expected_size: int | None) -> None:
        headers = config.request_headers
        key_setting = f"embedders.{name}.headers"
        if config.api_key is not None:
            headers = {"Authorization": f"Bearer {config.api_key.get_secret_value()}", **headers}
            key_setting = f"embedders.{name}.api_key"
        secrets = (*header_secrets(headers), *address_secrets(config.url))
        service = Service(name, key_setting, secrets)
        super().__init__(name, config, service, expected_size)
        self._settings: JsonObject = {**config.extra, "model": config.model}
        if config.dimensions is not None:
            self._settings["dimensions"] = config.dimensions
        self._images = config.images
        # One that the operator names is the only one that is asked for.
        self._encodings: list[str | None] = [None] if "encoding_format" in config.extra else list(_ENCODINGS)
        self._encoding_known = False
        self._texts_budget = Budget(config.batch_size)
        self._images_budget = Budget(min(config.batch_size, _IMAGES_AT_ONCE))
        self._portions = Portions(config.concurrency, config.batch_size * config.concurrency, self.usable)
        self._wire = Wire(
            service,
            address(config.url),
            headers=headers,
            timeout=config.timeout,
            connections=config.concurrency,
            tls=config.tls.context(f"embedders.{name}.tls"),
            compress=config.gzip,
        )
        self._health = config.health

    @property
    def batch_size(self) -> int:
        """The number of inputs that the server takes in one request, as far as known."""
        return self._texts_budget.count

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Embed each input by its image, or by its text where it has none."""

        def cut(indices: Sequence[int]) -> list[list[int]]:
            images = [index for index in indices if inputs[index].image]
            texts = [index for index in indices if not inputs[index].image]
            return [
                *self._texts_budget.portions(texts, [len(_content(inputs[index])) for index in texts]),
                *self._images_budget.portions(images, [len(_content(inputs[index])) for index in images]),
            ]

        answers = await self._portions.answers(inputs, with_content(inputs), cut, self._ask)
        return self.result(len(inputs), answers)

    async def _ask(self, portion: Sequence[EmbedInput]) -> list[Row]:
        """One request, all texts or all images."""
        budget = self._images_budget if portion[0].image else self._texts_budget
        try:
            return await self._ask_encoded(portion)
        except TooLarge as fault:
            budget.learn(fault.limit, len(portion), sum(len(_content(entry)) for entry in portion))
            raise
        except BadInput as fault:
            raise self._about_the_settings(fault) from fault

    async def _ask_encoded(self, portion: Sequence[EmbedInput]) -> list[Row]:
        encodings = list(self._encodings)
        while True:
            encoding = encodings.pop(0)
            try:
                rows = await self._ask_once(portion, encoding)
            except (BadInput, ServerError) as fault:
                if not encodings or not self._about_encoding(fault, encoding):
                    raise
                continue
            self._encodings = [encoding, *encodings]
            self._encoding_known = True
            return rows

    def _about_encoding(self, fault: Fault, encoding: str | None) -> bool:
        """Whether the server may take the same request with its vectors encoded in another way."""
        if _ABOUT_ENCODING.search(fault.message):
            return True
        # Some break at base64 without a word about it.
        return isinstance(fault, ServerError) and encoding == "base64" and not self._encoding_known

    async def _ask_once(self, portion: Sequence[EmbedInput], encoding: str | None) -> list[Row]:
        body = {**self._settings, **self._inputs(portion)}
        if encoding is not None:
            body["encoding_format"] = encoding
        async with self.turns.turn(len(portion)):
            data = await self._wire.post(
                encode(body), reply_limit=reply_limit(len(portion), self.expected_size)
            )
        return self._rows(decode(self.service, data), len(portion))

    def _inputs(self, portion: Sequence[EmbedInput]) -> JsonObject:
        contents: list[JsonValue] = [_content(entry) for entry in portion]
        if not portion[0].image:
            return {"input": contents}
        if self._images == "object":
            return {"input": [{"image": content} for content in contents]}
        return {"input": contents, "modality": "image"}

    def _rows(self, reply: object, count: int) -> list[Row]:
        """The embeddings of a reply, put in the order of the inputs by their `index`."""
        source = self.service.source
        remedy = f"Check embedders.{self.name}.url: it should end where /embeddings begins"
        entries = value_at(self.service, reply, "data", remedy=None if self.understood else remedy)
        self.understood = True
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise BadAnswer(source, "answered `data` that is no list of embeddings")
        if len(entries) != count:
            raise BadAnswer(source, f"answered {len(entries):,} vectors for {count:,} items")
        places = [entry.get("index", position) for position, entry in enumerate(entries)]
        if sorted(map(str, places)) != sorted(map(str, range(count))):
            raise BadAnswer(source, "answered vectors whose `index` does not name each item once")
        rows = {
            int(place): Row(_floats(entry.get("embedding")))
            for place, entry in zip(places, entries, strict=True)
        }
        return [rows[place] for place in range(count)]

    def _about_the_settings(self, fault: BadInput) -> BadInput | Refused:
        """A refusal that no other input would escape, as what it is: no item is at fault."""
        if self.proved or not _ABOUT_THE_SETTINGS.search(fault.message):
            return fault
        key = f"embedders.{self.name}"
        remedy = f"Check {key}.model, {key}.dimensions and {key}.images"
        return Refused(fault.source, fault.message, remedy=remedy)

    async def health(self) -> None:
        """Check that the service answers."""
        if self._health is not None:
            await self._wire.get(self._health)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()


def address(url: str) -> str:
    """The address for requests; a query, such as Azure's `?api-version=`, stays behind the path."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    return urlunsplit(parts._replace(path=path if path.endswith(_PATH) else path + _PATH))


def _content(entry: EmbedInput) -> str:
    return entry.image or entry.text or ""


def _floats(embedding: object) -> object:
    """An embedding as `checked` takes it; base64 becomes bytes of float32."""
    if not isinstance(embedding, str):
        return embedding
    try:
        return b64decode(embedding, validate=True)
    except binascii.Error:
        return embedding


def build(name: str, config: OpenAIConfig, expected_size: int | None, tickets: Tickets | None) -> Embedder:
    """Build the embedder of these settings."""
    return with_pictures(OpenAIEmbedder(name, config, expected_size), config.pictures)
