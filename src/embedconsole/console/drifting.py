"""What verifies found, as the screens show it: the last one, and how it was before. Pure functions.

An audit is read out of the ledger: what another version has written there may lack words, or have others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.console.panels.wrapping import wrapped
from embedconsole.console.screens.collection_model import Fact
from embedconsole.console.text import clean
from embedconsole.console.words import age, lately, number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

    from embedconsole.console.text import Line, Tone
    from embedconsole.ledger.records.history import AuditRecord

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
    """What the last verify found.

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
    """What was found, part by part."""
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
