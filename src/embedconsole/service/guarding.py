"""What stands before every path that embeds: the token, then a place inside, then the body."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from fastapi import HTTPException, Request, Response
from fastapi.routing import APIRoute

from embedconsole.service.access import check_origin
from embedconsole.service.admission import Full
from embedconsole.service.errors import too_busy
from embedconsole.service.limits import BoundedRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from embedconsole.config.sections.service import ServiceConfig
    from embedconsole.service.admission import Admission


def guarded(config: ServiceConfig, admission: Admission) -> type[APIRoute]:
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
                    _check_token(request.headers.get("authorization", ""), token)
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


def _check_token(authorization: str, token: bytes) -> None:
    """Raises HTTPException 401; how long it takes tells nothing about the token."""
    scheme, _, given = authorization.partition(" ")
    # Latin-1 gives back the bytes as they were sent.
    if scheme.lower() != "bearer" or not secrets.compare_digest(given.strip().encode("latin-1"), token):
        said = "send the service's token, as Authorization: Bearer TOKEN"
        raise HTTPException(401, said, {"WWW-Authenticate": 'Bearer realm="embedconsole"'})
