"""The configuration as a file: a template by hand, so that it explains itself, and its way onto the disk."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from embedconsole.config.interpolate import escape
from embedconsole.config.types import is_block, text_scalar
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedconsole.config.types import PayloadMapping
    from embedconsole.setup.answers import Answers, CatalogAnswers, CollectionAnswers, EmbedderAnswers

_PLAIN = re.compile(r"\d+|\.{0,2}/[\w./-]+|\$\{\w+(:-)?\}|[a-z][a-z0-9+]*://[\w./:@%?=&-]*[\w/]")
_TUNING = """\
chunk_size: 100                     # items in a batch
workers: 8                          # batches at the same time
schedule: {every: 1h}               # how often the daemon and the console sync
retry: {attempts: 3, backoff: [60, 120, 300]}
keep_vectors: on_failure            # always: a lost collection is refilled without paying again
max_delete_fraction: 0.2            # a scan that would delete more than this share asks first
"""


def configuration(answers: Answers, variables: Mapping[str, str], folder: Path) -> str:
    """The file's text.

    Args:
        variables: Environment variables that the file refers to, with what each is.
        folder: Where the file will be.
    """
    return "\n".join(_lines(answers, variables, folder)) + "\n"


def write_configuration(path: Path, text: str, *, replace: bool) -> None:
    """Put the file there in one step, readable by its owner alone: half of one is never seen.

    Raises:
        ConfigError: there is a file already and it is not to be replaced, or the folder can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes it 0600 from the start.
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent, text=True)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            if path.exists() and not replace:
                raise ConfigError(taken(path))
            Path(draft).replace(path)
        finally:
            with suppress(FileNotFoundError):
                Path(draft).unlink()
    except OSError as error:
        raise ConfigError(f"{path}: can't be written: {error.strerror or error}") from None


def taken(path: Path) -> str:
    """What to say of a configuration that is there already."""
    return f"{path}: there is a configuration already; --force replaces it, --config FILE writes another one"


def _lines(answers: Answers, variables: Mapping[str, str], folder: Path) -> Iterator[str]:
    items = answers.items
    yield "# Made by `embedconsole setup`. All other settings, explained: config.example.yaml."
    if variables:
        yield "# Environment variables that it takes:"
        width = max(map(len, variables))
        yield from (f"#   {name.ljust(width)}  {what}" for name, what in variables.items())
    yield ""
    yield "# Our own tables. Default: a SQLite file in your state folder; postgresql:// or mysql:// when"
    yield "# several hosts share the work."
    if answers.collection.path is None:
        yield "# ledger: sqlite:////var/lib/embedconsole/ledger.db"
    else:
        # Next to the collection, so that both are moved or deleted together.
        yield f"ledger: {_data(_ledger_beside(folder, answers.collection.path))}"
    yield ""
    yield "embedders:"
    yield from _embedder(answers.embedder)
    yield ""
    yield "pipelines:"
    yield f"  {text_scalar(items.pipeline)}:"
    yield from (f"    # {note}" for note in items.notes)
    yield from _catalog(items.catalog)
    yield "    embed:"
    yield f"      embedder: {text_scalar(answers.embedder.name)}"
    if items.embed.text is not None:
        yield f"      text: {_data(items.embed.text)}"
    if items.embed.image is not None:
        yield f"      image: {_data(items.embed.image)}"
    if items.embed.fields:
        yield f"      fields: {_flow(items.embed.fields)}   # what the service gets beside id and image"
    yield from _collection(answers.collection)
    if items.payload is not None:
        yield "      payload:                      # field to column: what search results show"
        yield from _payload(items.payload, 8)
    if items.indexes:
        yield "      indexes:                      # fields you filter by"
        yield from (f"        {text_scalar(name)}: {kind}" for name, kind in items.indexes.items())
    yield ""
    yield _TUNING.rstrip("\n")


def _ledger_beside(folder: Path, path: str) -> str:
    """The URL of a ledger next to a collection's folder; absolute, as cron starts us anywhere."""
    place = folder / ("qdrant" if "$" in path else path)
    return f"sqlite:///{place.resolve().with_name(f'{place.name}-ledger.db').as_posix()}"


def _embedder(embedder: EmbedderAnswers) -> Iterator[str]:
    yield f"  {text_scalar(embedder.name)}:"
    yield f"    type: {embedder.kind}"
    for name, value in embedder.settings.items():
        if name == "authorization":
            yield f"    headers: {{Authorization: {text_scalar(value)}}}"
        else:
            yield f"    {name}: {_as_written(value)}"


def _catalog(catalog: CatalogAnswers) -> Iterator[str]:
    yield "    catalog:"
    yield f"      url: {_as_written(catalog.url)}"
    if catalog.query is not None:
        if is_block(catalog.query):
            yield "      query: |                      # what an item is, one row each; only read"
            yield from (f"        {line}".rstrip() for line in escape(catalog.query).splitlines())
        else:
            yield f"      query: {_data(catalog.query)}"
    else:
        yield f"      table: {_data(catalog.table or '')}"
    yield f"      key: {_data(catalog.key)}"
    if catalog.changed is not None:
        yield f"      changed: {_data(catalog.changed)}"
        yield "      full_scan_every: 24h          # for edits that leave that column alone"
    else:
        yield "      # changed: updated_at         # a column that grows with every change makes passes cheap"
    if catalog.product is not None:
        yield f"      product: {_data(catalog.product)}           # for the log: a picture's product"
    if catalog.json_columns:
        yield f"      json_columns: [{', '.join(map(_data, catalog.json_columns))}]"
    if catalog.html_columns:
        yield f"      html_columns: [{', '.join(map(_data, catalog.html_columns))}]   # become plain text"
    if catalog.writeback:
        yield f"      writeback: {_flow(catalog.writeback)}   # columns of yours that we keep up to date"


def _collection(collection: CollectionAnswers) -> Iterator[str]:
    yield "    collection:"
    if collection.path is not None:
        path = _as_written(collection.path)
        yield f"      path: {path}           # the embedded engine: a folder beside this file"
    else:
        yield f"      url: {_as_written(collection.url or '')}"
    if collection.api_key is not None:
        yield f"      api_key: {_as_written(collection.api_key)}"
    yield f"      name: {_data(collection.name)}"
    yield "      distance: cosine"


def _payload(mapping: PayloadMapping, depth: int) -> Iterator[str]:
    for name, column in mapping.items():
        start = f"{' ' * depth}{text_scalar(name)}:"
        if isinstance(column, str):
            yield f"{start} {_data(column)}"
        else:
            yield start
            yield from _payload(column, depth + 2)


def _flow(mapping: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{text_scalar(name)}: {_data(value)}" for name, value in mapping.items()) + "}"


def _data(text: str) -> str:
    return text_scalar(escape(text))


def _as_written(text: str) -> str:
    """A value of block style that may hold `${NAME}`; numbers, addresses and references need no quotes."""
    return text if _PLAIN.fullmatch(text) else text_scalar(text)
