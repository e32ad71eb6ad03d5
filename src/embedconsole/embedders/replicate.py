"""Models on Replicate: a prediction an input, or a prediction a batch where the model takes lines.

A prediction is paid for from the moment it is ordered. One that has not ended when we have to stop waiting is
remembered by its id and collected by whoever asks for the same thing next; nobody orders it again. Replicate
stops it by itself when nobody comes for a while.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio
import orjson

from embedconsole.embedders.batching import Portions, Row, one_each
from embedconsole.embedders.errors import Service
from embedconsole.embedders.remote import Remote, with_content
from embedconsole.embedders.replicate_api import Prediction, ReplicateApi
from embedconsole.embedders.replicate_output import fault_of_end, vectors_of
from embedconsole.embedders.tickets import TicketsInMemory
from embedconsole.faults import BadAnswer, Fault, Refused, Throttled, Transient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.embedder import ReplicateConfig
    from embedconsole.embedders.tickets import Tickets
    from embedconsole.items import Embedded, EmbedInput, JsonObject

_KEY_BYTES = 16
_FIRST_LOOK = 0.25
_LONGEST_PAUSE = 5.0
_PAUSES_GROW = 1.5
_CANCEL_SECONDS = 5.0
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)


class ReplicateEmbedder(Remote):
    """One model.

    Args:
        tickets: Where predictions under way are remembered; None remembers them until `aclose`, which then
            cancels them.
    """

    def __init__(
        self, name: str, config: ReplicateConfig, expected_size: int | None, *, tickets: Tickets | None = None
    ) -> None:
        assert config.token is not None, "see build.check_embedder"
        token = config.token.get_secret_value()
        service = Service(name, f"embedders.{name}.token (REPLICATE_API_TOKEN)", (token,))
        super().__init__(name, config, service, expected_size)
        self._config = config
        self._api = ReplicateApi(service, config, token)
        self._portions = Portions(config.concurrency, config.batch_size * config.concurrency, self.usable)
        self._own_tickets = TicketsInMemory()
        self._tickets: Tickets = self._own_tickets if tickets is None else tickets

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """See `Embedder.embed`. An input with an image is that image, any other its text."""
        contents = with_content(inputs)
        unfit = {index: why for index in contents if (why := self._unsendable(inputs[index])) is not None}
        sent = [index for index in contents if index not in unfit]
        cut = one_each if self._config.batch_input is None else _all_at_once
        answers = await self._portions.answers(inputs, sent, cut, self._ask)
        found = self.result(len(inputs), answers)
        return replace(found, rejected=dict(sorted((dict(found.rejected) | unfit).items())))

    def _unsendable(self, entry: EmbedInput) -> str | None:
        """Why the model would take an input for something else, or fail the others of its batch."""
        lines = self._config.batch_input is not None
        if entry.image:
            if _ADDRESS.match(entry.image) or (entry.image.startswith("data:") and not lines):
                return None
            return "its image is not an address that Replicate can fetch (http or https)"
        if lines and _ADDRESS.match(_line(entry)):
            return "its text begins with an address, which this model would take for an image"
        return None

    async def _ask(self, portion: Sequence[EmbedInput]) -> list[Row]:
        """One prediction."""
        lines = [_line(entry) for entry in portion]
        model_input = self._model_input(portion[0], lines)
        async with self.turns.turn(len(portion)):
            prediction = await self._ended(model_input, lines)
        return self._rows(prediction, lines)

    def _rows(self, prediction: Prediction, lines: Sequence[str]) -> list[Row]:
        source = self.service.source
        vectors = vectors_of(prediction.output, lines)
        if vectors is None and self.understood:
            raise BadAnswer(source, "the prediction ended without an embedding")
        if vectors is None:
            remedy = f"Check that embedders.{self.name}.model is one that answers embeddings"
            raise Refused(source, "the prediction ended without an embedding", remedy=remedy)
        self.understood = True
        if len(vectors) != len(lines):
            raise BadAnswer(source, f"answered {len(vectors):,} vectors for {len(lines):,} items")
        return [Row(vector) for vector in vectors]

    def _model_input(self, first: EmbedInput, lines: Sequence[str]) -> JsonObject:
        config = self._config
        if config.batch_input is not None:
            return {**config.extra, config.batch_input: "\n".join(lines)}
        if first.image:
            return {**config.extra, config.image_input: first.image}
        return {**config.extra, config.text_input: _sendable(first.text or "")}

    async def _ended(self, model_input: JsonObject, lines: Sequence[str]) -> Prediction:
        """The prediction for an input once it has its output: collected where one is under way, else ordered.

        Raises:
            Transient: It takes longer than `timeout`, and is left to be collected.
            PaidFailure: It failed.
        """
        key = _key(self.identity, model_input)
        try:
            with anyio.fail_after(self._config.timeout):
                ticket = await self._tickets.find(key)
                prediction = None if ticket is None else await self._collected(ticket)
                if prediction is None:
                    prediction = await self._api.create(model_input)
                    if not _complete(prediction, lines):
                        ticket = prediction.id
                        # Before anything else is waited for: from here on it can be lost no more.
                        await self._tickets.note(key, ticket)
                while not _complete(prediction, lines):
                    prediction = await self._next_look(prediction)
        except TimeoutError as error:
            raise Transient(
                self.service.source,
                f"has no result after {self._config.timeout:g} s; the next try asks for the same prediction",
            ) from error
        if ticket is not None:
            await self._tickets.forget(key)
        if prediction.status in ("failed", "canceled"):
            raise fault_of_end(self.service, prediction.status, prediction.error)
        return prediction

    async def _collected(self, ticket: str) -> Prediction | None:
        """The prediction that an earlier try left under way; None when it is not worth waiting for."""
        prediction = await self._api.get(ticket)
        if prediction is None or prediction.status == "canceled":
            return None
        if prediction.status == "succeeded" and prediction.output is None:
            return None  # Replicate removes results after an hour
        return prediction

    async def _next_look(self, prediction: Prediction) -> Prediction:
        """The prediction a while later; a look that fails in passing is not the last one."""
        pause = _FIRST_LOOK
        while True:
            await anyio.sleep(pause)
            pause = min(pause * _PAUSES_GROW, _LONGEST_PAUSE)
            try:
                found = await self._api.get(prediction.id)
            except Throttled as fault:
                pause = max(pause, fault.retry_after or 0.0)
                continue
            except Transient:
                continue
            if found is None:
                raise Transient(self.service.source, "has lost the prediction")
            if found.status != prediction.status or found.output is not None:
                return found

    async def aclose(self) -> None:
        """Cancel what nobody can collect any more, and close all connections."""
        with anyio.move_on_after(_CANCEL_SECONDS):
            for ticket in self._own_tickets.tickets:
                try:
                    await self._api.cancel(ticket)
                except Fault:
                    continue  # Replicate stops it by itself, later
        await self._api.aclose()


def _line(entry: EmbedInput) -> str:
    """What is sent for an input, on one line: a line break would make two inputs of it."""
    return " ".join(_sendable(entry.image or entry.text or "").split())


def _sendable(text: str) -> str:
    """A text without lone surrogates, at which the client would stumble."""
    return text.encode("utf-8", "replace").decode()


def _all_at_once(indices: Sequence[int]) -> list[list[int]]:
    return [list(indices)] if indices else []


def _complete(prediction: Prediction, lines: Sequence[str]) -> bool:
    """Whether there is nothing left to wait for: an output may be there before the status says so."""
    if prediction.ended or prediction.output is None:
        return prediction.ended
    vectors = vectors_of(prediction.output, lines)
    return vectors is not None and len(vectors) == len(lines)


def _key(identity: str, model_input: JsonObject) -> bytes:
    sent = orjson.dumps([identity, model_input], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(sent, digest_size=_KEY_BYTES).digest()
