"""The service as an ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from embedconsole import __version__
from embedconsole.service.access import check_origin, check_token
from embedconsole.service.embedder import EmbedderHealth, EmbeddingQueue
from embedconsole.service.errors import documented, handle_errors, too_busy
from embedconsole.service.item_routes import add_item_routes
from embedconsole.service.limits import Admission, BoundedRequest, Full
from embedconsole.service.metrics import Measured, Metrics
from embedconsole.service.openai_routes import add_openai_routes
from embedconsole.service.schemas import HealthReply

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from embedconsole.config.sections.service import ServiceConfig
    from embedconsole.service.embedder import ServedEmbedder

_FAILURES = (400, 403, 408, 413, 415, 422, 429, 500, 502, 503)
_PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def build_app(served: ServedEmbedder, config: ServiceConfig) -> FastAPI:
    """All paths around one embedder, with room for as many requests as the configuration says."""
    admission = Admission(served.embedder.concurrency, config.queue)
    metrics = Metrics(admission)
    queue = EmbeddingQueue(served, admission, metrics)
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
        route_class=_guarded_route(config, admission),
        responses=documented(*_FAILURES, *([401] if secured else [])),
        # Only for the document: the route itself looks at the token, before anything is read.
        dependencies=[Depends(HTTPBearer(auto_error=False))] if secured else [],
    )
    add_item_routes(embedding, queue)
    add_openai_routes(embedding, queue)
    app.include_router(embedding)
    _add_watching(app, served, metrics)
    app.add_middleware(Measured, metrics=metrics)
    return app


def _add_watching(app: FastAPI, served: ServedEmbedder, metrics: Metrics) -> None:
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


def _guarded_route(config: ServiceConfig, admission: Admission) -> type[APIRoute]:
    """A kind of route whose handler is reached by those only who may and for whom there is room.

    A browser takes pages of any site to this machine: their requests are known by Origin and Host.

    FastAPI's own dependencies are looked at after the body has been read; here nothing is read before.
    """
    token = config.token.get_secret_value().encode() if config.token is not None else None

    class GuardedRoute(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            handle = super().get_route_handler()

            async def guard(request: Request) -> Response:
                check_origin(request.headers, config)
                if token is not None:
                    check_token(request.headers.get("authorization", ""), token)
                bounded = BoundedRequest(request.scope, request.receive)
                bounded.limits = config
                bounded.field = "input" if self.path.startswith("/v1/") else "items"
                try:
                    with admission.place():
                        return await handle(bounded)
                except Full:
                    raise too_busy("there is no room for another request now; try again", None) from None

            return guard

    return GuardedRoute
