"""`search` as the command line shows it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import anyio

from embedconsole.faults import Fault
from embedconsole.filters import Scope
from embedconsole.cli.exits import Exit, exit_by
from embedconsole.cli.output import put, put_json, say
from embedconsole.sync.run.components import assembled
from embedconsole.sync.search.filter_parser import check_field, parse_where, written
from embedconsole.sync.search.presentation import asked_fields, key_of, showing_of, shown_at
from embedconsole.sync.search.search import ByImage, ByText, search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.headless.session import Session
    from embedconsole.items import Hit, JsonObject, JsonValue
    from embedconsole.sync.search.presentation import HitFormat
    from embedconsole.sync.search.search import Query, SearchResult

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
        async with assembled([pipeline]) as (components,):
            return await search(components, query, vector=vector, limit=limit, scope=scope)

    try:
        found = anyio.run(run)
    except Fault as fault:
        say(str(fault))
        return exit_by(fault)
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
    """What was asked about, and a few other plain values."""
    facts: dict[str, object] = {field: text for field in asked if (text := shown_at(payload, field))}
    facts |= {name: value for name, value in showing.facts_of(payload).items() if name not in facts}
    return "  ".join(f"{name} {value}" for name, value in list(facts.items())[:_FACTS])


def _nothing(found: SearchResult, command: str) -> str:
    if found.scope.where:
        return f"No hits where {written(found.scope.where)}. Without --where there may be some."
    return f"No hits. Is the collection filled? See {command} status"


def _document(pipeline: str, found: SearchResult, showing: HitFormat) -> JsonObject:
    hits: list[JsonValue] = [_hit(hit, showing) for hit in found.hits]
    return {
        "pipeline": pipeline,
        "query": _query(found.query),
        "vector": found.vector,
        "where": [written([condition]) for condition in found.scope.where],
        "group_by": found.scope.group_by,
        "seconds": round((found.embed_seconds or 0.0) + found.search_seconds, 6),
        "hits": hits,
    }


def _query(query: Query) -> JsonObject:
    match query:
        case ByText():
            return {"text": query.text}
        case ByImage():
            return {"image": query.called}
    return {"similar_to": query.key}


def _hit(hit: Hit, showing: HitFormat) -> JsonObject:
    return {
        "id": hit.id,
        "key": key_of(hit),
        "score": hit.score,
        "title": showing.title_of(hit.payload),
        "link": showing.link_of(hit.payload) or None,
        "group": hit.group,
        "payload": hit.payload,
    }
