"""Completion of pipelines, vectors and failed keys in the shell.

Quick, and silent where it fails. Only a ledger in a file is opened: a shell must not hang on a server.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from embedconsole.cli.invocation import Invocation, open_session
from embedconsole.config.load import find, load
from embedconsole.config.yaml_source import read_source
from embedconsole.faults import ConfigError, Fault

if TYPE_CHECKING:
    import click

    from embedconsole.config.yaml_source import Tree


_KEYS = 100


def complete_pipelines(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The names of the pipelines."""
    return [name for name in _section(context, "pipelines") if name.startswith(incomplete)]


def complete_vectors(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The names of the vectors of all pipelines."""
    found: dict[str, None] = {}
    for pipeline in _section(context, "pipelines").values():
        vectors = pipeline.get("vectors") if isinstance(pipeline, dict) else None
        found |= dict.fromkeys(vectors if isinstance(vectors, dict) else ())
    return [name for name in found if name.startswith(incomplete)]


def complete_failed(context: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    """The keys of the latest failed items, of a ledger in a file."""
    with suppress(ConfigError, Fault):
        return [key for key in _failed(context) if key.startswith(incomplete)]
    return []


def _failed(context: click.Context) -> list[str]:
    from embedconsole.ledger.ledger import ledger_schema, open_ledger
    from embedconsole.ledger.migrate import VERSION

    # Not by the invocation: it would write the notes of the configuration into the line being typed.
    session = open_session(load(context.ensure_object(Invocation).config), ())
    if (
        _in_demo(context)
        or not session.ledger_url.startswith("sqlite:")
        # A key press migrates nothing.
        or ledger_schema(session.ledger_url) != VERSION
    ):
        return []
    keys: list[str] = []
    with open_ledger(session.ledger_url) as ledger:
        for pipeline in session.pipelines:
            generation = ledger.generations.current(pipeline.name)
            if generation is not None:
                keys += [item.key for item in ledger.failures.page(generation.id, limit=_KEYS)]
    return keys


def _section(context: click.Context, name: str) -> dict[str, Tree]:
    """A section of the file as written: its variables need not be set in this shell."""
    with suppress(ConfigError):
        path = find(context.ensure_object(Invocation).config, os.environ, Path.cwd())
        section = {} if _in_demo(context) else read_source(path).tree.get(name)
        return section if isinstance(section, dict) else {}
    return {}


def _in_demo(context: click.Context) -> bool:
    """The demo has a configuration of its own, which exists once it has run."""
    return context.parent is not None and (context.info_name == "demo" or _in_demo(context.parent))
