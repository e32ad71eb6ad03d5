"""Replicate's predictions through its own client, over our own wire.

The client (1.0) has no words for what went wrong: it drops the headers of an error with their `Retry-After`,
raises AttributeError for an error that is no JSON object, takes no status that it does not know, waits
without end for a reply that does not come, and repeats GETs as long as a header says. So its transport is
ours: only good replies reach the client, everything else is a fault before.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import httpx
from replicate.client import Client
from yarl import URL

from embedconsole.embedders.errors import Service, error_text, fault_in, fault_of_status
from embedconsole.embedders.replies import decode
from embedconsole.embedders.transport import Wire, split_credentials
from embedconsole.faults import Fault, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from replicate.prediction import Prediction as ClientPrediction

    from embedconsole.config.embedder import ReplicateConfig
    from embedconsole.items import JsonObject

ENDED = frozenset({"succeeded", "failed", "canceled"})

_KNOWN = ENDED | {"starting", "processing"}
_REPLY_LIMIT = 16 * 1024 * 1024
_SLACK_SECONDS = 30.0
"""Beyond the time that a request is held open on purpose."""
_COLLECTED_WITHIN = 600.0
"""Seconds after our deadline in which somebody may come for a result; then Replicate stops the prediction."""
_NO_VERSION = re.compile(r"version[^.]*(?:not exist|not permitted|invalid)|invalid version", re.IGNORECASE)
_NO_SUCH_INPUT = re.compile(r"additional property|is required", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prediction:
    """One prediction as Replicate last told of it; `status` is one of `ENDED`, starting or processing."""

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
        """How a prediction is; None when Replicate has forgotten it."""
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
