"""From what a collection and its configuration say to what the collection screen shows: pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.collection.compare import index_field, vector_field
from embedconsole.console.text import age, clean, counted, lately, number, share, size, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

    from embedconsole.collection.compare import Difference
    from embedconsole.console.text import Line, Tone
    from embedconsole.items import CollectionState, Naming, Optimization, Optimizations
    from embedconsole.ledger.records.history import AuditRecord
    from embedconsole.ledger.records.items import Counts
    from embedconsole.sync.inspect.collection import Survey


_BYTES_A_NUMBER = 4
_PLACE = 48
_STATUS: Mapping[str, tuple[Tone, str]] = {
    "green": ("plain", "ready: nothing is waiting to be optimized"),
    "yellow": ("wait", "optimizing: searches work, perhaps slower"),
    "grey": ("wait", "has not been optimized: the next write starts it"),
    "red": ("alert", "an operation failed for good: see Qdrant's log"),
}
_UNKNOWN_STATUS: tuple[Tone, str] = ("wait", "a status that this version does not know")
_ADDS = "press i to add it"
_AS_CONFIGURED = "as configured"


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the collection's facts: `value` is right-aligned, `note` says what it means."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "plain"
    note_tone: Tone = "muted"


@dataclass(frozen=True, slots=True)
class Running:
    """A running optimization; `part` from 0 to 1, None where nothing can be counted."""

    name: str
    what: str
    part: float | None


@dataclass(frozen=True, slots=True)
class SchemaRow:
    """A vector or a payload index.

    Attributes:
        what: Its size and distance, or its type; empty where the collection does not have it.
        points: How many it covers; None where that is not known.
        configured: What the configuration says of it.
        remedy: What to do about a difference; empty where there is none.
    """

    name: str
    what: str
    points: int | None
    covered: str
    configured: str
    tone: Tone
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class CollectionPage:
    """Everything on the collection screen.

    Attributes:
        asked: It was looked at, or failed to be.
        exists: None while that is not known.
        place: Where it is.
        fault: Why it does not answer; the rest is then from an earlier look.
    """

    asked: bool = False
    exists: bool | None = None
    place: str = ""
    facts: tuple[Fact, ...] = ()
    running: tuple[Running, ...] = ()
    complaints: tuple[str, ...] = ()
    vectors: tuple[SchemaRow, ...] = ()
    indexes: tuple[SchemaRow, ...] = ()
    fault: str | None = None


def collection_page(
    found: Survey | None,
    counts: Counts | None,
    *,
    name: str,
    target: str = "",
    fault: str | None = None,
    drift: Sequence[Fact] = (),
) -> CollectionPage:
    """The content of the collection screen.

    Args:
        found: None before the first look that succeeded.
        counts: The ledger's; None while they are not known.
        name: The configured name of the collection.
        fault: Why the last look failed.
        drift: What verifies found.
    """
    fault = None if fault is None else clean(fault)
    if found is None:
        return CollectionPage(asked=fault is not None, place=_place(target), fault=fault)
    by_field = {one.field: one for one in found.differences}
    state = found.state
    return CollectionPage(
        asked=True,
        exists=state is not None,
        place=_place(target),
        facts=() if state is None else (*_facts(state, found, counts, name), *drift),
        running=() if found.optimizations is None else tuple(map(_running, found.optimizations.running)),
        complaints=() if state is None else tuple(map(clean, state.complaints)),
        vectors=tuple(_vectors(found, by_field)),
        indexes=tuple(_indexes(found, by_field)),
        fault=fault,
    )


def _place(target: str) -> str:
    """The end of "products at http://qdrant:6333"; a long path by what tells it from others."""
    place = clean(target.partition(" at ")[2])
    return place if len(place) <= _PLACE else f"…{place[1 - _PLACE :]}"


def _facts(state: CollectionState, found: Survey, counts: Counts | None, name: str) -> list[Fact]:
    tone, meaning = _STATUS.get(state.status, _UNKNOWN_STATUS)
    facts = [
        Fact("status", clean(state.status), meaning, tone, tone if tone != "plain" else "muted"),
        _points(state.points, counts),
        Fact("indexed", number(state.indexed_vectors), f"vectors, in {counted(state.segments, 'segment')}"),
    ]
    if found.optimizations is not None:
        facts.append(_optimizer(found.optimizations, stopped=state.optimizer_error is not None))
    if state.queue is not None:
        waiting = "updates wait to be applied" if state.queue else "no update waits to be applied"
        facts.append(Fact("queue", number(state.queue), waiting, "wait" if state.queue else "plain"))
    facts.append(_size(state))
    facts.append(_naming(found.naming, name))
    return facts


def _points(points: int, counts: Counts | None) -> Fact:
    """The number of points next to the ledger's: a cheap hint at differences."""
    if counts is None:
        return Fact("points", number(points))
    more = points - counts.synced
    if more == 0:
        return Fact("points", number(points), "as many as the ledger has synced")
    than = f"{number(abs(more))} {'more' if more > 0 else 'fewer'} than the ledger has"
    if counts.pending:
        return Fact("points", number(points), f"{than}; work is still waiting")
    return Fact("points", number(points), f"{than}: a verify finds which", note_tone="wait")


def _optimizer(optimizations: Optimizations, *, stopped: bool) -> Fact:
    running, queued = len(optimizations.running), optimizations.queued
    waiting = f"{number(queued)} wait, {counted(optimizations.queued_points, 'point')}" if queued else ""
    if stopped:
        return Fact("optimizer", "stopped", waiting, "alert")
    if not running:
        return Fact("optimizer", "idle" if not queued else "waiting", waiting or "nothing to optimize")
    note = ", ".join(part for part in (f"{number(running)} running", waiting) if part)
    return Fact("optimizer", "working", note, "work")


def _size(state: CollectionState) -> Fact:
    numbers = sum(spec.size for spec in state.vectors.values())
    alone = size(state.points * numbers * _BYTES_A_NUMBER)
    if state.disk_bytes is None:
        return Fact("size", alone, "the vectors alone; Qdrant does not report more")
    return Fact("size", size(state.disk_bytes), f"on disk; the vectors alone are {alone}")


def _naming(naming: Naming | None, name: str) -> Fact:
    if naming is None:
        return Fact("aliases", "-", "Qdrant does not report them", "muted")
    others = [clean(alias) for alias in naming.aliases if alias != name]
    also = f"; also {', '.join(others)}" if others else ""
    if naming.collection != name:
        return Fact("alias", "1", f"{clean(name)} points to {clean(naming.collection)}{also}", "plain")
    if not others:
        return Fact("aliases", "0", "searches name the collection itself")
    return Fact("aliases", number(len(others)), ", ".join(others))


def _running(one: Optimization) -> Running:
    part = one.done / one.total if one.done is not None and one.total else None
    stage = f"{clean(one.stage).replace('_', ' ')}, " if one.stage else ""
    what = f"{stage}{counted(one.points, 'point')}"
    return Running(clean(one.optimizer), what, part)


def _vectors(found: Survey, by_field: Mapping[str, Difference]) -> list[SchemaRow]:
    there = {} if found.state is None else found.state.vectors
    wanted = {name: f"{spec.words}" for name, spec in found.vectors.items()}
    wanted |= dict.fromkeys(found.asks, "of the size that its embedder reports")
    rows = []
    for name in dict.fromkeys([*there, *wanted]):
        have, want = there.get(name), found.vectors.get(name)
        place = vector_field(name)
        wrong = _first(by_field, place, f"{place}.size", f"{place}.distance")
        told = _configured(found, have, wanted.get(name))
        shown = have if found.state is not None else want
        rows.append(
            SchemaRow(
                name=clean(name) or "(default)",
                what="" if shown is None else f"{shown.size:>6}  {shown.distance}",
                points=None,
                covered="",
                configured=_AS_CONFIGURED if have is not None and have == want else told,
                tone="alert" if wrong is not None else "muted",
                remedy="" if wrong is None else clean(wrong.remedy),
            )
        )
    return rows


def _indexes(found: Survey, by_field: Mapping[str, Difference]) -> list[SchemaRow]:
    state = found.state
    there = {} if state is None else state.indexes
    rows = []
    for path in sorted({*there, *found.indexes}):
        have, want = there.get(path), found.indexes.get(path)
        wrong = by_field.get(index_field(path))
        points = None if state is None or have is None else state.indexed_points.get(path)
        shown = have if state is not None else want
        missing = wrong is not None and have is None
        rows.append(
            SchemaRow(
                name=clean(path),
                what="" if shown is None else clean(shown),
                points=points,
                covered="" if state is None or points is None else share(points, state.points),
                configured=_AS_CONFIGURED if have == want else _configured(found, have, want),
                tone="muted" if wrong is None or want is None else "wait",
                remedy=_ADDS if missing else "" if wrong is None or want is None else clean(wrong.remedy),
            )
        )
    return rows


def _configured(found: Survey, have: object, want: str | None) -> str:
    """The configured value of something that differs."""
    if found.state is None:
        return "to be created"
    if want is None:
        return "not configured"
    return f"{'missing, ' if have is None else ''}configured: {want}"


def _first(by_field: Mapping[str, Difference], *fields: str) -> Difference | None:
    return next((by_field[one] for one in fields if one in by_field), None)


def differing(rows: Sequence[SchemaRow]) -> int:
    """The number of rows that are not as configured."""
    return sum(row.tone != "muted" for row in rows)


_EARLIER = 5
_EXAMPLES = 5
_PARTS = ("collection", "catalog", "schema", "vectors")
_NEVER = Fact("drift", "-", "not checked yet: c compares every point", "muted")
_KINDS: Mapping[str, Mapping[str, str]] = {
    "collection": {kind: kind for kind in ("missing", "stale", "unlisted", "orphaned", "taken")},
    "catalog": {"missing": "not in the ledger", "changed": "changed in the catalog", "gone": "gone from it"},
    "vectors": {"differing": "vectors of another model"},
}
_AGREES: Mapping[str, str] = {
    "collection": "holds what the ledger believes",
    "catalog": "is as the ledger knows it",
    "schema": "as configured",
    "vectors": "as their embedder makes them",
}


@dataclass(frozen=True, slots=True)
class Drift:
    """The result of the last verify.

    Attributes:
        value: How much is not as it should be; "-" where not all could be checked.
        ago: When that was.
        note: What it is, or why it is not known.
    """

    value: str
    ago: str
    note: str
    tone: Tone


def drift_of(record: AuditRecord, now: float) -> Drift:
    """One verify, seen at a moment (seconds since 1970)."""
    # In minutes at least: what is counted by seconds is drawn every second.
    ago = "just now" if now - record.at < 60 else f"{age(now - record.at)} ago"
    drift = record.outcome.get("drift")
    if not isinstance(drift, int):
        return Drift("-", ago, f"not checked: {_why_not(record.outcome)}", "wait")
    if not drift:
        return Drift("0", ago, "all agree", "plain")
    return Drift(number(drift), ago, ", ".join(_kinds(record.outcome)), "alert")


def drift_facts(records: Sequence[AuditRecord], now: float, zone: tzinfo | None) -> list[Fact]:
    """The last verify, and how much the ones before it found; newest first."""
    if not records:
        return [_NEVER]
    last, *before = records
    drift = drift_of(last, now)
    facts = [
        Fact(
            "drift",
            drift.value,
            f"{drift.ago}: {drift.note}",
            drift.tone,
            "muted" if drift.tone == "plain" else drift.tone,
        )
    ]
    if before:
        earlier = (f"{drift_of(one, now).value} ({lately(one.at, now, zone)})" for one in before[:_EARLIER])
        facts.append(Fact("before", "", ", ".join(earlier)))
    return facts


def drift_lines(outcome: Mapping[str, object], cells: int) -> list[Line]:
    """The differences, part by part."""
    lines: list[Line] = []
    for part in _PARTS:
        told = _part(outcome, part)
        why = told.get("why")
        if isinstance(why, str):
            lines += wrapped(f"{part}: not checked: {clean(why)}", cells, "muted")
            continue
        wrong = ", ".join(_kinds_of(outcome, part))
        lines += wrapped(f"{part}: {wrong or _AGREES[part]}", cells, "alert" if wrong else "plain")
        lines += [line for words in _examples(told) for line in wrapped(f"  {words}", cells, "muted")]
    return lines


def _examples(told: Mapping[str, object]) -> Iterator[str]:
    """Some keys of each kind of difference."""
    examples = told.get("examples")
    for kind, keys in (examples if isinstance(examples, dict) else {}).items():
        if isinstance(keys, (list, tuple)) and keys:
            more = ", ..." if len(keys) > _EXAMPLES else ""
            yield clean(f"{kind}: {', '.join(map(str, keys[:_EXAMPLES]))}{more}")


def _kinds(outcome: Mapping[str, object]) -> Iterator[str]:
    for part in _PARTS:
        yield from _kinds_of(outcome, part)


def _kinds_of(outcome: Mapping[str, object], part: str) -> Iterator[str]:
    told = _part(outcome, part)
    for kind, words in _KINDS.get(part, {}).items():
        count = told.get(kind)
        if isinstance(count, int) and count:
            yield f"{number(count)} {words}"
    differences = told.get("differences")
    if isinstance(differences, (list, tuple)) and differences:
        yield f"{number(len(differences))} of the schema"


def _why_not(outcome: Mapping[str, object]) -> str:
    for part in _PARTS:
        why = _part(outcome, part).get("why")
        if isinstance(why, str) and why:
            return clean(why)
    return "it does not say why"


def _part(outcome: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = outcome.get(name)
    return part if isinstance(part, dict) else {}
