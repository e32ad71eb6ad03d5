"""Models on Replicate: a prediction an input, or a prediction a batch where the model takes lines.

A prediction is paid for from the moment it is ordered. One that has not ended when we have to stop waiting is
remembered by its id and collected by the next request for the same input, and not ordered again. Replicate
stops it by itself when it is not collected for a while.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

import anyio
import httpx
import orjson
from replicate.client import Client
from yarl import URL

from embedconsole.embedders.batching import Portions, Row, one_each
from embedconsole.embedders.remote import Remote, with_content, with_pictures
from embedconsole.embedders.tickets import TicketsInMemory
from embedconsole.embedders.transport import (
    Service,
    Wire,
    decode,
    error_text,
    fault_in,
    fault_of_status,
    split_credentials,
)
from embedconsole.faults import BadAnswer, Fault, PaidFailure, Refused, Throttled, Transient
from embedconsole.retry import PREDICTION_LOOK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from replicate.prediction import Prediction as ClientPrediction

    from embedconsole.config.sections.embedders.replicate import ReplicateConfig
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.tickets import Tickets
    from embedconsole.items import Embedded, EmbedInput, JsonObject


_PASSING = re.compile(
    # Replicate's codes for its own trouble, and the words it and its models have for it.
    r"\bE(?:004|1000|1001|1002|6716|8367|8765|9243|9825)\b|please (?:retry|try again)|interrupted"
    r"|out of memory|CUDA error|temporarily|unavailable|timed? ?out"
    r"|connection (?:reset|error|refused|aborted)",
    re.IGNORECASE,
)


def vectors_of(output: object, sent: Sequence[str]) -> list[object] | None:
    """The unchecked vectors of an output, one for each thing sent, in that order; None when it holds none.

    Known are `{"embedding": [...]}`, `[{"embedding": [...]}]`, `[{"input": ..., "embedding": [...]}]`,
    `{"embeddings": [...]}` and bare lists of numbers. A list that is too short or too long comes out as it
    is.
    """
    if isinstance(output, dict):
        if "embedding" in output:
            return [output["embedding"]]
        output = output.get("embeddings")
    if not isinstance(output, list):
        return None
    if output and all(isinstance(entry, (int, float)) for entry in output):
        return [output]
    if all(isinstance(entry, dict) and "embedding" in entry for entry in output):
        return [entry["embedding"] for entry in _in_order(output, sent)]
    if all(isinstance(entry, list) or entry is None for entry in output):
        return list(output)
    return None


def _in_order(entries: Sequence[dict[str, object]], sent: Sequence[str]) -> Sequence[dict[str, object]]:
    """The entries in the order of what was sent, where each names its `input`."""
    if len(entries) != len(sent) or any("input" not in entry for entry in entries):
        return entries
    by_input = {str(entry["input"]).strip(): entry for entry in entries}
    ordered = [by_input.get(line.strip()) for line in sent]
    # Another text than was sent, or none: an embedding of that belongs to no item.
    return [entry if entry is not None else {"embedding": None} for entry in ordered]


def fault_of_end(service: Service, status: str, error: str | None) -> Fault:
    """Why a prediction that has ended brought nothing."""
    if status == "canceled":
        return Transient(service.source, "the prediction was cancelled before it had a result")
    said = service.clean(error or "") or "without a reason"
    if _PASSING.search(said):
        return Transient(service.source, f"the prediction failed: {said}")
    return PaidFailure(service.source, f"the prediction failed: {said}")


ENDED = frozenset({"succeeded", "failed", "canceled"})

_KNOWN = ENDED | {"starting", "processing"}
_REPLY_LIMIT = 16 * 1024 * 1024
_SLACK_SECONDS = 30.0
"""Beyond the time that a request is held open on purpose."""
_COLLECTED_WITHIN = 600.0
"""Seconds after our deadline in which a result may still be collected; then Replicate stops it."""
_NO_VERSION = re.compile(r"version[^.]*(?:not exist|not permitted|invalid)|invalid version", re.IGNORECASE)
_NO_SUCH_INPUT = re.compile(r"additional property|is required", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One prediction as Replicate last reported it; `status` is one of `ENDED`, starting or processing."""

    id: str
    status: str
    output: object
    error: str | None

    @property
    def ended(self) -> bool:
        return self.status in ENDED


class NotFound(Refused):
    """Replicate has nothing under this name, or no longer."""


class ReplicateApi:
    """Creates, looks up and cancels predictions of one model.

    Args:
        token: The API token.
    """

    def __init__(self, service: Service, config: ReplicateConfig, token: str) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # a line at INFO for each request
        self._model, _, self._version = config.model.partition(":")
        self._wait = config.wait
        self._wire = Wire(
            service,
            config.url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=config.wait + _SLACK_SECONDS,
            connections=config.concurrency,
            tls=config.tls.context(f"embedders.{service.name}.tls"),
            fault_of=lambda status, headers, body: _fault_of(service, status, headers, body),
        )
        keep_for = f"{config.timeout + _COLLECTED_WITHIN:.0f}s"
        self._client = Client(
            api_token=token,
            base_url=split_credentials(config.url)[0],
            transport=_Transport(service, self._wire, keep_for),
        )

    async def create(self, model_input: JsonObject) -> Prediction:
        """Order a prediction and wait for a moment; it may have ended by then."""
        # `predictions.async_create(model=...)` would drop `wait`.
        if self._version:
            made = await self._client.predictions.async_create(
                version=self._version, input=model_input, wait=self._wait
            )
        else:
            made = await self._client.models.predictions.async_create(
                model=self._model, input=model_input, wait=self._wait
            )
        return _prediction(made)

    async def get(self, prediction_id: str) -> Prediction | None:
        """The present state of a prediction; None when Replicate no longer has it."""
        try:
            return _prediction(await self._client.predictions.async_get(prediction_id))
        except NotFound:
            return None

    async def cancel(self, prediction_id: str) -> None:
        """Stop a prediction, should it still run."""
        await self._client.predictions.async_cancel(prediction_id)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()


def _prediction(made: ClientPrediction) -> Prediction:
    return Prediction(made.id, made.status, made.output, made.error)


class _Transport(httpx.AsyncBaseTransport):
    """Sends the client's requests over a `Wire`, and hands it only replies that it can read."""

    def __init__(self, service: Service, wire: Wire, keep_for: str) -> None:
        self._service = service
        self._wire = wire
        self._keep_for = keep_for

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        headers = {"Cancel-After": self._keep_for} if request.method == "POST" else {}
        if (prefer := request.headers.get("prefer")) is not None:
            headers["Prefer"] = prefer
        data = await self._wire.send(
            request.method,
            URL(str(request.url), encoded=True),
            await request.aread() or None,
            headers=headers,
            reply_limit=_REPLY_LIMIT,
        )
        return httpx.Response(200, content=_readable(self._service, data), request=request)


def _readable(service: Service, data: bytes) -> bytes:
    """A prediction as the client's model of one takes it: five statuses, an error that is a text.

    Raises:
        Transient: It is no JSON.
        Refused: It is no prediction.
    """
    reply = decode(service, data)
    if not isinstance(reply, dict):
        _no_prediction(service)
    status, error = reply.get("status"), reply.get("error")
    if not isinstance(reply.get("id"), str) or not isinstance(status, str):
        told = fault_in(service, reply)
        if told is not None:
            raise told
        _no_prediction(service)
    if status in _KNOWN and isinstance(error, str | None) and {"model", "version"} <= reply.keys():
        return data
    if status not in _KNOWN:
        # Aborted: stopped before it began. Any other one is news to us, and on its way.
        status = "canceled" if status == "aborted" else "starting"
    return json.dumps(
        {
            "id": reply["id"],
            "model": str(reply.get("model")),
            "version": str(reply.get("version")),
            "status": status,
            "output": reply.get("output"),
            "error": error if isinstance(error, str | None) else json.dumps(error),
        }
    ).encode()


def _no_prediction(service: Service) -> NoReturn:
    raise Refused(service.source, "answered something that is no prediction", remedy=service.url_remedy)


def _fault_of(service: Service, status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    """As `fault_of_status`, with what Replicate says in its own way."""
    fault = fault_of_status(service, status, headers, body)
    said = service.clean(error_text(body))
    key = f"embedders.{service.name}"
    if status == 404 or (status == 422 and _NO_VERSION.search(said)):
        remedy = f"Check {key}.model: owner/name for an official model, owner/name:version for any other"
        return NotFound(service.source, f"has no such model ({status}): {said}", remedy=remedy)
    if status == 422 and _NO_SUCH_INPUT.search(said):
        remedy = f"Check {key}.text_input, image_input, batch_input and extra against the model's inputs"
        return Refused(service.source, f"takes other inputs (422): {said}", remedy=remedy)
    return fault


_KEY_BYTES = 16
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
        assert config.token is not None, "see ReplicateConfig.check"
        token = config.token.get_secret_value()
        service = Service(name, f"embedders.{name}.token (REPLICATE_API_TOKEN)", (token,))
        super().__init__(name, config, service, expected_size)
        self._config = config
        self._api = ReplicateApi(service, config, token)
        self._portions = Portions(config.concurrency, config.batch_size * config.concurrency, self.usable)
        self._own_tickets = TicketsInMemory()
        self._tickets: Tickets = self._own_tickets if tickets is None else tickets

    async def embed(self, inputs: Sequence[EmbedInput]) -> Embedded:
        """Embed each input by its image, or by its text where it has none."""
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
        looks, told = 0, 0.0
        while True:
            looks += 1
            await anyio.sleep(max(PREDICTION_LOOK.after(looks), told))
            told = 0.0
            try:
                found = await self._api.get(prediction.id)
            except Throttled as fault:
                told = fault.retry_after or 0.0
                continue
            except Transient:
                continue
            if found is None:
                raise Transient(self.service.source, "has lost the prediction")
            if found.status != prediction.status or found.output is not None:
                return found

    async def aclose(self) -> None:
        """Cancel what can't be collected any more, and close all connections."""
        with anyio.move_on_after(_CANCEL_SECONDS):
            for ticket in self._own_tickets.tickets:
                try:
                    await self._api.cancel(ticket)
                except Fault:
                    continue  # Replicate stops it by itself, later
        await self._api.aclose()


def _line(entry: EmbedInput) -> str:
    """The text sent for an input, on one line: a line break would make two inputs of it."""
    return " ".join(_sendable(entry.image or entry.text or "").split())


def _sendable(text: str) -> str:
    """A text without lone surrogates, at which the client would stumble."""
    return text.encode("utf-8", "replace").decode()


def _all_at_once(indices: Sequence[int]) -> list[list[int]]:
    return [list(indices)] if indices else []


def _complete(prediction: Prediction, lines: Sequence[str]) -> bool:
    """Whether the prediction has ended: the output may be there before the status says so."""
    if prediction.ended or prediction.output is None:
        return prediction.ended
    vectors = vectors_of(prediction.output, lines)
    return vectors is not None and len(vectors) == len(lines)


def _key(identity: str, model_input: JsonObject) -> bytes:
    sent = orjson.dumps([identity, model_input], option=orjson.OPT_SORT_KEYS)
    return hashlib.blake2b(sent, digest_size=_KEY_BYTES).digest()


def build(name: str, config: ReplicateConfig, expected_size: int | None, tickets: Tickets | None) -> Embedder:
    """Build the embedder of these settings."""
    embedder = ReplicateEmbedder(name, config, expected_size, tickets=tickets)
    return with_pictures(embedder, config.pictures)
