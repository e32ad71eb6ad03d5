"""A service of the operator's own, in the two shapes of DESIGN section 5.

`items`:  POST {"items": [{"product_id", ...fields, "image_url"}]} -> {"embeddings": [[...], ...]}
`single`: POST {"text", "image_url"} -> {"embedding": [...]}, one request an item
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
import numpy as np

from embedconsole.embedders.check import checked
from embedconsole.embedders.errors import Service, header_secrets
from embedconsole.embedders.identity import identity_of
from embedconsole.embedders.memo import Memo
from embedconsole.embedders.pacing import Pacer
from embedconsole.embedders.replies import decode, encode, field_of, reply_limit
from embedconsole.embedders.wire import Wire, split_credentials
from embedconsole.faults import BadInput, Fault, Refused, Throttled, Transient
from embedconsole.items import Embedded

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from embedconsole.config.model import HttpEmbedder
    from embedconsole.items import EmbedInput, JsonObject

NOTHING_TO_EMBED = "there is nothing to embed: no text and no image"
_GRAVITY = (Refused, Throttled, Transient, Fault)


@dataclass(frozen=True, slots=True)
class Row:
    """A vector as a reply held it, unchecked; null is an answer too."""

    value: object


class HttpService:
    """Requests to one service: never more at a time than `concurrency`, never more a minute than allowed."""

    def __init__(self, name: str, config: HttpEmbedder, expected_size: int | None) -> None:
        headers = config.request_headers
        _, credentials = split_credentials(config.url)
        secrets = (*header_secrets(headers), *(credentials or ()))
        self.service = Service(name, f"embedders.{name}.headers", tuple(filter(None, secrets)))
        self.name = name
        self.identity = identity_of(name, config)
        self.batch_size = config.batch_size
        self.concurrency = config.concurrency
        self.price_per_1000 = config.price_per_1000
        self.expected_size = expected_size
        self.proved = False
        """Whether a reply has been right before: what is wrong with one item then is not the set-up."""
        self._slots = anyio.Semaphore(config.concurrency)
        self._pacer = Pacer(config.requests_per_minute)
        self._wire = Wire(
            self.service,
            config.url,
            headers=headers,
            timeout=config.timeout,
            connections=config.concurrency,
        )

    async def ask(self, body: JsonObject, field: str, shape: str, count: int) -> object:
        """What the reply holds in `field`, unchecked.

        Raises:
            Throttled, Transient, BadInput, Refused: There is no such thing.
        """
        sent = encode(body)
        async with self._slots:
            await self._pacer.turn()
            data = await self._wire.post(sent, reply_limit=reply_limit(count, self.expected_size))
        return field_of(self.service, decode(self.service, data), field, shape, proved=self.proved)

    def believe(self, rows: Sequence[object]) -> Embedded:
        """The rows of a reply, checked."""
        result = checked(self.service.source, rows, len(rows), self.expected_size, proved=self.proved)
        if len(result.rejected) < len(rows):
            self.proved = True
        return result

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()


class ItemsEmbedder(HttpService):
    """The `items` shape: all inputs in one request."""

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """See `Embedder.embed`."""
        items = [_item(entry) for entry in inputs]
        sent = [index for index, item in enumerate(items) if item is not None]
        if not sent:
            return _spread(None, sent, len(inputs), self.expected_size)
        body: JsonObject = {"items": [item for item in items if item is not None]}
        rows = await self.ask(body, "embeddings", "items", len(sent))
        if not isinstance(rows, list):
            raise BadInput(self.service.source, "answered `embeddings` that are no list")
        if len(rows) != len(sent):
            raise BadInput(self.service.source, f"answered {len(rows):,} vectors for {len(sent):,} items")
        return _spread(self.believe(rows), sent, len(inputs), self.expected_size)


class SingleEmbedder(HttpService):
    """The `single` shape: one request an input, as many at a time as `concurrency` over all calls.

    When the service fails in the middle of a call, what it had answered by then is kept and not asked for
    again: else a service that allows fewer requests in a row than a batch has items would never finish one.
    """

    def __init__(self, name: str, config: HttpEmbedder, expected_size: int | None) -> None:
        super().__init__(name, config, expected_size)
        self._memo: Memo[Row] = Memo(config.batch_size * max(8, config.concurrency))

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """See `Embedder.embed`. An input that the service refuses is rejected alone."""
        sent = [index for index, entry in enumerate(inputs) if not _blank(entry.text) or entry.image]
        rows: dict[int, Row] = {}
        refused: dict[int, str] = {}
        faults: list[Fault] = []
        to_ask: list[int] = []
        for index in sent:
            known = self._memo.take(_content(inputs[index]))
            if known is None:
                to_ask.append(index)
            else:
                rows[index] = known
        waiting = iter(to_ask)

        async def ask_in_turn() -> None:
            for index in waiting:
                try:
                    rows[index] = Row(await self._ask_one(inputs[index]))
                except BadInput as fault:
                    refused[index] = fault.message
                except Fault as fault:
                    faults.append(fault)
                if faults:
                    return

        finished = False
        try:
            async with anyio.create_task_group() as group:
                for _ in range(min(self.concurrency, len(to_ask))):
                    group.start_soon(ask_in_turn)
            finished = not faults
        finally:
            if not finished:
                self._memo.keep({_content(inputs[index]): row for index, row in rows.items()})
        if faults:
            raise min(faults, key=_gravity)
        answered = [index for index in sent if index in rows]
        believed = self.believe([rows[index].value for index in answered]) if answered else None
        result = _spread(believed, answered, len(inputs), self.expected_size)
        return Embedded(result.vectors, {**result.rejected, **refused}, requests=len(to_ask))

    async def _ask_one(self, entry: EmbedInput) -> object:
        body: JsonObject = {"text": entry.text, "image_url": entry.image}
        return await self.ask(body, "embedding", "single", 1)


def _item(entry: EmbedInput) -> JsonObject | None:
    """What `items` sends for an input; None when there is nothing in it."""
    fields = entry.fields or {"name": entry.text or "", "description": ""}
    if not entry.image and all(_blank(value) for value in fields.values()):
        return None
    return {"product_id": entry.product_id, **fields, "image_url": entry.image}


def _blank(text: str | None) -> bool:
    return text is None or not text.strip()


def _content(entry: EmbedInput) -> Hashable:
    return entry.text, entry.image


def _gravity(fault: Fault) -> int:
    """The smaller, the more it matters when several requests failed in different ways."""
    return next(rank for rank, kind in enumerate(_GRAVITY) if isinstance(fault, kind))


def _spread(found: Embedded | None, positions: Sequence[int], count: int, size: int | None) -> Embedded:
    """The result for all inputs from that for the ones at `positions`; the others had nothing to embed."""
    if found is not None and len(positions) == count:
        return found
    width = found.vectors.shape[1] if found is not None else size or 0
    vectors = np.zeros((count, width), dtype=np.float32)
    rejected = dict.fromkeys(sorted(set(range(count)) - set(positions)), NOTHING_TO_EMBED)
    if found is not None:
        vectors[list(positions)] = found.vectors
        rejected.update((positions[index], reason) for index, reason in found.rejected.items())
    return Embedded(vectors, dict(sorted(rejected.items())))
