"""A service of the operator's own, in the two shapes `items` and `single`.

`items`:  POST {"items": [{"product_id", ...fields, "image_url"}]} -> {"embeddings": [[...], ...]}
`single`: POST {"text", "image_url"} -> {"embedding": [...]}, one request an item

The names in both directions are those of `request` and `reply` in the configuration; the ones above are the
defaults.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.embedders.base import blank
from embedconsole.embedders.batching import BatchAnswers, Portions, Row, one_each
from embedconsole.embedders.remote import Remote, with_content, with_pictures
from embedconsole.embedders.transport import (
    Service,
    Wire,
    address_secrets,
    decode,
    encode,
    entry_of,
    errors_beside,
    fault_in,
    header_secrets,
    reply_limit,
    value_at,
)
from embedconsole.faults import BadAnswer, BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.sections.embedders.http import HttpConfig
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets
    from embedconsole.items import Embedded, EmbedInput, JsonObject


class HttpService(Remote):
    """Requests to one service: never more at a time than `concurrency`, never more a minute than allowed."""

    def __init__(self, name: str, config: HttpConfig, expected_size: int | None) -> None:
        headers = config.request_headers
        secrets = (*header_secrets(headers), *address_secrets(config.url))
        service = Service(name, f"embedders.{name}.headers", secrets)
        super().__init__(name, config, service, expected_size)
        self.names = config.request
        self.places = config.reply
        self.empty = config.empty
        self._extra = config.extra
        self._remedy = f"Check embedders.{name}.url, and that its shape is {config.shape}"
        self._wire = Wire(
            service,
            config.url,
            headers=headers,
            timeout=config.timeout,
            connections=config.concurrency,
            tls=config.tls.context(f"embedders.{name}.tls"),
            compress=config.gzip,
        )
        self._health = config.health

    async def ask(self, body: JsonObject, count: int) -> object:
        """The reply's JSON.

        Raises:
            Throttled, Transient, BadInput, Refused: There is no such thing.
        """
        sent = encode({**self._extra, **body})
        async with self.turns.turn(count):
            data = await self._wire.post(sent, reply_limit=reply_limit(count, self.expected_size))
        return decode(self.service, data)

    def found(self, reply: object, path: str) -> object:
        """The value of the reply at a path of the configuration.

        Raises:
            BadInput, Refused: There is no such place in it.
        """
        value = value_at(self.service, reply, path, remedy=None if self.understood else self._remedy)
        self.understood = True
        return value

    async def health(self) -> None:
        """Check that the service answers."""
        if self._health is not None:
            await self._wire.get(self._health)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()


class ItemsEmbedder(HttpService):
    """The `items` shape: all inputs in one request."""

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Embed each input by one or more requests."""
        items = {index: item for index, entry in enumerate(inputs) if (item := self._item(entry)) is not None}
        if not items:
            return self.result(len(inputs), BatchAnswers())
        reply = await self.ask({self.names.items: list(items.values())}, len(items))
        rows = self._rows(reply, len(items))
        return self.result(len(inputs), BatchAnswers(dict(zip(items, rows, strict=True)), requests=1))

    def _item(self, entry: EmbedInput) -> JsonObject | None:
        """The JSON sent for an input; None for an empty one."""
        fields = entry.fields or {"name": entry.text or "", "description": ""}
        if not entry.image and all(map(blank, fields.values())):
            return None
        ours = {self.names.product_id: entry.product_id, self.names.image: entry.image or self.empty}
        # The operator's fields win; a picture that is named twice is refused with the configuration.
        return {**ours, **fields}

    def _rows(self, reply: object, count: int) -> list[Row]:
        places = self.places
        entries = self.found(reply, places.vectors)
        if not isinstance(entries, list):
            raise BadAnswer(self.service.source, f"answered `{places.vectors}` that are no list")
        if len(entries) != count:
            raise BadAnswer(self.service.source, f"answered {len(entries):,} vectors for {count:,} items")
        beside = errors_beside(reply, places.errors) if places.errors is not None else {}
        return [entry_of(entry, places, said=beside.get(position)) for position, entry in enumerate(entries)]


class SingleEmbedder(HttpService):
    """The `single` shape: one request an input, as many at a time as `concurrency` over all calls."""

    def __init__(self, name: str, config: HttpConfig, expected_size: int | None) -> None:
        super().__init__(name, config, expected_size)
        self._portions = Portions(
            config.concurrency, config.batch_size * max(8, config.concurrency), self.usable
        )

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Embed each input; one that the service refuses is rejected alone."""
        answers = await self._portions.answers(inputs, with_content(inputs), one_each, self._ask_one)
        return self.result(len(inputs), answers)

    async def _ask_one(self, portion: Sequence[EmbedInput]) -> list[Row]:
        (entry,) = portion
        text, image = entry.text or self.empty, entry.image or self.empty
        reply = await self.ask({self.names.text: text, self.names.image: image}, 1)
        row = entry_of(reply, self.places, said=None)
        told = None if row.value else fault_in(self.service, reply)
        if told is not None and not isinstance(told, BadInput):
            raise told
        # Where the service has said nothing about it, the path tells what is missing.
        return [row] if row.error is not None else [Row(self.found(reply, self.places.vector))]


def build(name: str, config: HttpConfig, expected_size: int | None, tickets: Tickets | None) -> Embedder:
    """Build the embedder of these settings."""
    kind = ItemsEmbedder if config.shape == "items" else SingleEmbedder
    return with_pictures(kind(name, config, expected_size), config.pictures)
