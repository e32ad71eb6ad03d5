"""The service in this process: its socket, its loop, and how it ends."""

from __future__ import annotations

import logging
import socket
from contextlib import contextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

import uvicorn

from embedconsole.faults import ConfigError
from embedconsole.service.app import build_app
from embedconsole.service.embedder import open_embedder, warm_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embedconsole.config.sections.service import ServiceConfig
    from embedconsole.config.service_settings import ServiceSettings
    from embedconsole.service.embedder import ServedEmbedder

_KEEP_ALIVE = 75
"""Seconds that an idle connection stays open: longer than clients keep it, or it closes under a request."""
_BACKLOG = 2048
_DRAIN_SECONDS = 60
"""For requests that are inside at a stop."""


class _Uvicorn(uvicorn.Server):
    """Uvicorn without signal handlers of its own: the program has some."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Server:
    """One service. `run` serves; `drain` and `stop` may be called from anywhere, also a signal handler.

    Raises:
        ConfigError: It can't listen there.
    """

    def __init__(self, serving: ServiceSettings) -> None:
        self._serving = serving
        self._socket = _bound(serving.service)
        self._uvicorn: _Uvicorn | None = None

    @property
    def host(self) -> str:
        """The address it listens at."""
        return str(self._socket.getsockname()[0])

    @property
    def port(self) -> int:
        """The port, also when any free one was asked for."""
        return int(self._socket.getsockname()[1])

    @property
    def url(self) -> str:
        """Where to reach it from here."""
        return f"http://[{self.host}]:{self.port}" if ":" in self.host else f"http://{self.host}:{self.port}"

    @property
    def public(self) -> bool:
        """Whether other machines can reach it."""
        return not ip_address(self.host.partition("%")[0]).is_loopback

    async def run(self, on_ready: Callable[[ServedEmbedder], object]) -> None:
        """Serve until `drain`.

        Args:
            on_ready: Called when requests are about to be taken; there is nothing to drain before.

        Raises:
            ConfigError: The embedder can't be built as configured.
            Throttled, Transient, Refused: A local one does not work.
        """
        with self._socket:
            served = open_embedder(self._serving)
            try:
                await warm_up(served)
                self._uvicorn = _Uvicorn(
                    uvicorn.Config(
                        build_app(served, self._serving.service),
                        log_config=None,
                        access_log=False,
                        server_header=False,
                        lifespan="off",
                        timeout_keep_alive=_KEEP_ALIVE,
                        timeout_graceful_shutdown=_DRAIN_SECONDS,
                    )
                )
                self._socket.listen(_BACKLOG)  # from now on clients are served, if a moment later
                on_ready(served)
                await self._uvicorn.serve([self._socket])
            finally:
                await served.embedder.aclose()

    def drain(self) -> None:
        """Take nothing more, answer what is inside, end."""
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True

    def stop(self) -> None:
        """End at once."""
        if self._uvicorn is not None:
            self._uvicorn.should_exit = self._uvicorn.force_exit = True
        # A request that is cut off is no failure to log.
        logging.getLogger("uvicorn.error").disabled = True


def _bound(config: ServiceConfig) -> socket.socket:
    """Bound but not listening: a client before the model is loaded is refused and does not hang."""
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        bound = socket.socket(family, kind, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
        except OSError:
            bound.close()
            raise
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"can't listen at {config.host}, port {config.port}: {reason}. "
            "Choose another with --host and --port (service.host, service.port)"
        ) from error
    return bound
