"""The service as an ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.security import HTTPBearer

from embedconsole import __version__
from embedconsole.service.admission import Admission
from embedconsole.service.desk import Desk
from embedconsole.service.errors import documented, handle_errors
from embedconsole.service.guarding import guarded
from embedconsole.service.health import EmbedderHealth
from embedconsole.service.item_routes import add_doors
from embedconsole.service.metrics import Measured, Metrics
from embedconsole.service.openai_routes import add_openai
from embedconsole.service.schemas import HealthReply

if TYPE_CHECKING:
    from embedconsole.config.sections.service import ServiceConfig
    from embedconsole.service.embedder import Served

_FAILURES = (400, 403, 408, 413, 415, 422, 429, 500, 502, 503)
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def build_app(served: Served, config: ServiceConfig) -> FastAPI:
    """All paths around one embedder, with room for as many requests as the configuration says."""
    admission = Admission(served.embedder.concurrency, config.queue)
    metrics = Metrics(admission)
    desk = Desk(served, admission, metrics)
    app = FastAPI(
        title="embedconsole serve",
        version=__version__,
        description=f"The embedder `{served.embedder.name}` over HTTP.",
        # Other types than JSON are refused where the body is read, in our own words.
        strict_content_type=False,
    )
    handle_errors(app)
    secured = config.token is not None
    embedding = APIRouter(
        route_class=guarded(config, admission),
        responses=documented(*_FAILURES, *([401] if secured else [])),
        # Only for the document: the route itself looks at the token, before anything is read.
        dependencies=[Depends(HTTPBearer(auto_error=False))] if secured else [],
    )
    add_doors(embedding, desk)
    add_openai(embedding, desk)
    app.include_router(embedding)
    _add_watching(app, served, metrics)
    app.add_middleware(Measured, metrics=metrics)
    return app


def _add_watching(app: FastAPI, served: Served, metrics: Metrics) -> None:
    """What watches the service needs no token, and is answered also when there is no room."""
    state = EmbedderHealth(served.embedder)

    @app.get("/health", summary="Is it well?", responses=documented(429, 502, 503))
    async def health() -> HealthReply:
        """What the embedder's own service said in the last half minute, where it has a path for it."""
        await state.check()
        embedder = served.embedder
        return HealthReply(embedder=embedder.name, identity=embedder.identity, dimensions=served.dimensions)

    @app.get(
        "/metrics",
        summary="Figures for Prometheus",
        response_class=Response,
        responses={200: {"content": {_PROMETHEUS: {"schema": {"type": "string"}}}}},
    )
    async def figures() -> Response:
        """Requests by path and status, items, errors, seconds, in flight, queue."""
        return Response(metrics.text(), headers={"Content-Type": _PROMETHEUS})
