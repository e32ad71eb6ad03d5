"""`embedconsole serve`: an embedder of the configuration as a service."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from embedconsole.cli.exits import Exit, Interruption, interruptible
from embedconsole.cli.group import Command
from embedconsole.cli.options import config_option
from embedconsole.cli.output import note, say
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation
    from embedconsole.service.embedder import ServedEmbedder
    from embedconsole.service.server import Server

_EXTRA = frozenset({"fastapi", "prometheus_client", "starlette", "uvicorn"})


@click.command("serve", cls=Command)
@click.option("--embedder", metavar="NAME", help="Which of `embedders` (default: the one there is).")
@click.option("--host", metavar="ADDRESS", help="Where to listen (default: 127.0.0.1).")
@click.option(
    "--port", type=click.IntRange(0, 65_535), metavar="N", help="Default: 8000; 0 for any free one."
)
@click.option(
    "--concurrency",
    type=click.IntRange(min=1),
    metavar="N",
    help="Requests embedded at a time (default: the embedder's own).",
)
@click.option(
    "--queue",
    type=click.IntRange(min=0),
    metavar="N",
    help="Requests that may wait in addition; one more gets 429 (default: 16).",
)
@click.option(
    "--max-items", type=click.IntRange(min=1), metavar="N", help="Items in a request (default: 1000)."
)
@click.option(
    "--max-bytes", type=click.IntRange(min=1), metavar="N", help="Bytes of a request (default: 16000000)."
)
@click.option("--token-env", metavar="VARIABLE", help="Ask clients for the token that is in this variable.")
@config_option
@click.pass_obj
def serve_command(invocation: Invocation, /, token_env: str | None, **flags: object) -> None:
    """Serve an embedder over HTTP: /generate-embeddings, /embed, /v1/embeddings, /health, /metrics, /docs.

    Without a configuration: the hashing embedder, 512 dimensions. SIGTERM or ctrl+c drains and ends.

    \b
    Examples:
      embedconsole serve
      embedconsole serve --embedder clip --port 9000 --concurrency 4
      TOKEN=... embedconsole serve --host 0.0.0.0 --token-env TOKEN
    """
    from embedconsole.config.service_settings import load_service_settings

    overrides = {f"service.{name}": value for name, value in flags.items()}
    overrides["service.token"] = None if token_env is None else _token(token_env)
    serving = load_service_settings(invocation.config, overrides)
    try:
        from embedconsole.service.server import Server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise ConfigError(
            "this needs the extra `service`: pip install '.[service]' in a checkout of embedconsole"
        ) from error
    server = Server(serving)
    if server.public and serving.service.token is None:
        say(
            f"Every client that reaches {server.host} may embed: set a token (--token-env, service.token), "
            "or listen at 127.0.0.1."
        )
    sys.exit(_run(server))


def _token(variable: str) -> str:
    token = os.environ.get(variable, "").strip()
    if not token:
        raise ConfigError(f"--token-env: the environment variable {variable} is not set")
    return token


def _run(server: Server) -> Exit:
    stack = ExitStack()
    interruption = Interruption()

    def on_ready(served: ServedEmbedder) -> None:
        # Not before: while a model is loaded there is nothing to drain, and a signal ends at once.
        nonlocal interruption
        interruption = stack.enter_context(interruptible(drain, server.stop))
        size = "" if served.dimensions is None else f" ({served.dimensions:,} dimensions)"
        note(f"Serving {served.embedder.name}{size} at {server.url}; OpenAPI: {server.url}/docs")
        note("SIGTERM or ctrl+c drains and ends.")

    def drain() -> None:
        note("Finishing what is in flight")
        server.drain()

    with stack:
        try:
            asyncio.run(server.run(on_ready))
        except KeyboardInterrupt:
            return Exit.INTERRUPT
    return Exit.IN_SYNC if interruption.first is None else Exit(128 + interruption.first)
