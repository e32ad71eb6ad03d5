"""`search`: what a customer would find."""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click

from embedconsole.cli.completion import complete_vectors
from embedconsole.cli.exits import Exit, exit_by
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option, limit_option
from embedconsole.cli.output import put, put_json, say
from embedconsole.faults import BadInput, ConfigError, Fault
from embedconsole.filters import Scope
from embedconsole.sync.run.components import open_components
from embedconsole.sync.search.filter_parser import check_field, parse_where, written
from embedconsole.sync.search.presentation import asked_fields, key_of, showing_of, shown_at
from embedconsole.sync.search.search import ByImage, ByText, LikeItem, search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.cli.invocation import Invocation, Session
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.items import Hit, JsonObject, JsonValue
    from embedconsole.sync.search.presentation import HitFormat
    from embedconsole.sync.search.search import Query, SearchResult


@click.command("search", cls=Command)
@click.argument("text", required=False)
@click.option("--image", metavar="PATH|URL", help="Instead of a text: the items nearest to a picture.")
@click.option("--similar-to", metavar="KEY", help="Instead of a text: the items nearest to this one.")
@click.option(
    "--where",
    multiple=True,
    metavar="FILTER",
    help="Only what holds of, for example 'price<50' or 'color in (red, blue)'; repeatable, all hold.",
)
@click.option("--group-by", metavar="FIELD", help="One hit for each value of this payload field, the best.")
@limit_option("Hits to show", 10)
@click.option(
    "--vector", metavar="NAME", shell_complete=complete_vectors, help="The named vector to search by."
)
@common_options
@json_option
@click.pass_obj
def search_command(
    invocation: Invocation,
    text: str | None,
    *,
    image: str | None,
    similar_to: str | None,
    where: tuple[str, ...],
    group_by: str | None,
    limit: int,
    vector: str | None,
) -> None:
    """Show the items nearest to a text, to a picture or to another item.

    Filters compare fields of the payload: = != < <= > >=, ~ for words of a text, in (a, b), is null,
    is not null; `and` between them. Dates are written 2026-01-31, nested fields metadata.color.

    \b
    Examples:
      embedconsole search "red running shoes"
      embedconsole search "mug" --where 'price<50' --where 'in_stock=true' --json
      embedconsole search "shoe" -n 3 --where 'color in (red, blue) and price<50'
      embedconsole search --image ./shoe.jpg --group-by product_id
      embedconsole search --similar-to 35
    """

    session = invocation.session()
    sys.exit(
        search_collection(
            session,
            _query_of(text, image, similar_to),
            where=where,
            group_by=group_by,
            vector=vector,
            limit=limit,
            as_json=invocation.as_json,
        )
    )


def _query_of(text: str | None, image: str | None, similar_to: str | None) -> Query:

    match text, image, similar_to:
        case str(), None, None:
            return ByText(text)
        case None, str(), None:
            return ByImage(picture_reference(image, Path.cwd()), image[:200])
        case None, None, str():
            return LikeItem(similar_to)
    raise click.UsageError("give one of a text, --image PATH|URL and --similar-to KEY")


_FACTS = 5


def search_collection(
    session: Session,
    query: Query,
    *,
    where: Sequence[str],
    group_by: str | None,
    vector: str | None,
    limit: int,
    as_json: bool,
) -> Exit:
    """Search the first of the session's pipelines that takes such a query, and print the hits.

    Args:
        where: Filters; all of them hold.

    Raises:
        ConfigError: there is no such vector or none that takes images, or a filter can't be read.
    """
    pipeline = _pipeline_for(session.pipelines, query, vector)
    conditions = [one for text in where for one in parse_where(text, pipeline.collection.indexes)]
    scope = Scope(tuple(conditions), None if group_by is None else check_field(group_by))

    async def run() -> SearchResult:
        async with open_components([pipeline]) as (components,):
            return await search(components, query, vector=vector, limit=limit, scope=scope)

    try:
        found = anyio.run(run)
    except Fault as fault:
        say(str(fault))
        # A key, field or text that was asked for, and no answer that can't be used.
        return Exit.USAGE if type(fault) is BadInput else exit_by(fault)
    for line in found.notes:
        say(line)
    showing = showing_of(pipeline)
    if as_json:
        put_json(_document(pipeline.name, found, showing))
        return Exit.IN_SYNC
    if not found.hits:
        say(_nothing(found, session.command))
    elif sys.stdout.isatty():
        from embedconsole.cli.hit_table import put_hits  # Rich is worth its import only on a terminal

        put_hits(found, showing)
    else:
        _put_lines(found, showing)
    return Exit.IN_SYNC


def _pipeline_for(pipelines: Sequence[Pipeline], query: Query, vector: str | None) -> Pipeline:
    """The first one; for a picture, the first that such a vector is made of pictures in."""
    if isinstance(query, ByImage):
        for pipeline in pipelines:
            if any(config.image and vector in (None, name) for name, config in pipeline.vectors.items()):
                return pipeline
    return pipelines[0]


def _put_lines(found: SearchResult, showing: HitFormat) -> None:
    asked = asked_fields(found, showing)
    for hit in found.hits:
        title, facts = showing.title_of(hit.payload), _facts(hit.payload, asked, showing)
        described = f"{title}  ({facts})" if facts else title
        put(f"{hit.score:.3f}  {key_of(hit):>8}  {described}".rstrip())


def _facts(payload: JsonObject, asked: Sequence[str], showing: HitFormat) -> str:
    """The filtered fields, and a few other plain values."""
    facts: dict[str, object] = {field: text for field in asked if (text := shown_at(payload, field))}
    facts |= {name: value for name, value in showing.facts_of(payload).items() if name not in facts}
    return "  ".join(f"{name} {value}" for name, value in list(facts.items())[:_FACTS])


def _nothing(found: SearchResult, command: str) -> str:
    if found.scope.where:
        return f"No hits where {written(found.scope.where)}. Without --where there may be some."
    return f"No hits. Is the collection filled? {command} status shows it"


def _document(pipeline: str, found: SearchResult, showing: HitFormat) -> JsonObject:
    hits: list[JsonValue] = [_hit_json(hit, showing) for hit in found.hits]
    return {
        "pipeline": pipeline,
        "query": _query_json(found.query),
        "vector": found.vector,
        "where": [written([condition]) for condition in found.scope.where],
        "group_by": found.scope.group_by,
        "seconds": round((found.embed_seconds or 0.0) + found.search_seconds, 6),
        "hits": hits,
    }


def _query_json(query: Query) -> JsonObject:
    match query:
        case ByText():
            return {"text": query.text}
        case ByImage():
            return {"image": query.called}
    return {"similar_to": query.key}


def _hit_json(hit: Hit, showing: HitFormat) -> JsonObject:
    return {
        "id": hit.id,
        "key": key_of(hit),
        "score": hit.score,
        "title": showing.title_of(hit.payload),
        "link": showing.link_of(hit.payload) or None,
        "group": hit.group,
        "payload": hit.payload,
    }


MOST_BYTES = 10_000_000
"""Limit of a local file; services refuse requests not much larger than this."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.IGNORECASE)  # of two letters at least: `C:` is a drive
_BEGINNINGS = (
    ("image/png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("image/jpeg", re.compile(rb"\xff\xd8\xff")),
    ("image/gif", re.compile(rb"GIF8[79]a")),
    ("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("image/bmp", re.compile(rb"BM.{4}\0\0\0\0", re.DOTALL)),
    ("image/tiff", re.compile(rb"II\*\0|MM\0\*")),
    ("image/avif", re.compile(rb".{4}ftypavi[fs]", re.DOTALL)),
)


def picture_reference(text: str, folder: Path) -> str:
    """The reference to the picture of `--image` that an embedder gets.

    Args:
        text: An http(s) or `data:` URL, or the path of a file.
        folder: Where relative paths start.

    Raises:
        ConfigError: An address of another kind, or a file that is not there, no picture or too large.
    """
    scheme = _SCHEME.match(text)
    if scheme is None:
        return _data_url(text, folder)
    match scheme[1].lower():
        case "http" | "https":
            return text
        case "data" if re.match(r"data:image/", text, re.IGNORECASE):
            return text
        case "data":
            raise ConfigError("--image: a data: URL of a picture begins with data:image/")
    raise ConfigError(f"--image {text!r}: give an http(s) or data: URL, or the path of a file")


def _data_url(name: str, folder: Path) -> str:
    try:
        path = folder / Path(name).expanduser()
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, RuntimeError, ValueError) as error:  # unreadable, no such home, a null character
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"--image {name!r} can't be read: {reason}") from error
    if len(content) > MOST_BYTES:
        raise ConfigError(f"--image {name!r} is larger than {MOST_BYTES / 1_000_000:g} MB; make it smaller")
    media_type = next((name for name, begins in _BEGINNINGS if begins.match(content)), None)
    if media_type is None:
        what = "is empty" if not content else "is no picture (PNG, JPEG, GIF, WebP, BMP, TIFF or AVIF)"
        raise ConfigError(f"--image {name!r} {what}")
    return f"data:{media_type};base64,{b64encode(content).decode()}"
