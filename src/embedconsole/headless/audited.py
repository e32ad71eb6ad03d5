"""What a verify found, in a few lines a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.cli.output import duration, put
from embedconsole.sync.audit.report import CatalogAudit, CollectionAudit, NotChecked, SchemaAudit, VectorAudit
from embedconsole.sync.shared.verdict import DRIFT, Verdict

if TYPE_CHECKING:
    from embedconsole.sync.audit.report import Audit, Part

_EXAMPLES = 5

_MEANING = {
    Verdict.MISSING: "the ledger believes them to be there",
    Verdict.STALE: "their content is not what the ledger believes",
    Verdict.UNLISTED: "ours, unknown to the ledger",
    Verdict.ORPHANED: "ours, of no item of the catalog",
    Verdict.TAKEN: "another pipeline's points stand there; never touched",
}


def print_audit(name: str, audit: Audit) -> None:
    """Print what was found of a pipeline."""
    put(f"{name}: {verdict_of(audit)}, in {duration(audit.seconds)}")
    for part, found in audit.parts.items():
        put(f"  {part:<11} {_line(found)}")
        for line in _details(found):
            put(f"  {'':<11} {line}")


def verdict_of(audit: Audit) -> str:
    """What it comes to, in some words."""
    if audit.failed:
        known = f"; {_differences(audit.known_drift)} known" if audit.known_drift else ""
        return f"not all could be checked{known}"
    return _differences(audit.drift) if audit.drift else "all agree"


def _differences(count: int | None) -> str:
    return "1 difference" if count == 1 else f"{count or 0:,} differences"


def _line(part: Part) -> str:
    match part:
        case NotChecked():
            return f"not checked: {part.why}"
        case CatalogAudit():
            said = f"{part.rows:,} rows"
            if part.waiting:
                return f"{said}; {part.waiting:,} differ, and a run is going on that finds them"
            wrong = ", ".join(f"{count:,} {how}" for how, count in part.differences.items() if count)
            return f"{said}; {wrong or 'the ledger knows them all as they are'}"
        case CollectionAudit():
            counts = part.counts
            if not part.exists:
                return f"does not exist; {counts.get(Verdict.MISSING, 0):,} points are missing"
            said = f"{part.points:,} points, {part.items:,} items; {counts.get(Verdict.AGREES, 0):,} agree"
            if waiting := counts.get(Verdict.WAITING, 0):
                said += f", {waiting:,} waiting"
            return f"{said}, {counts.get(Verdict.FOREIGN, 0):,} foreign"
        case SchemaAudit():
            return "differs" if part.differences else "as configured"
        case VectorAudit():
            if not part.differing:
                return f"{part.sampled:,} sampled, all as the embedder answers now"
            return (
                f"{part.differing:,} of {part.sampled:,} sampled vectors differ "
                f"(lowest similarity {part.lowest:.2f}): has the model changed? "
                "Embed everything again with `embedconsole run --force`"
            )


def _details(part: Part) -> list[str]:
    match part:
        case CollectionAudit():
            return [_found(part, verdict) for verdict in DRIFT if part.counts.get(verdict)]
        case SchemaAudit():
            return [
                f"{one.field}: it has {one.have or 'nothing'}, configured is {one.want or 'nothing'}; "
                f"{one.remedy}"
                for one in part.differences
            ]
    return []


def _found(part: CollectionAudit, verdict: Verdict) -> str:
    count, keys = part.counts[verdict], part.examples.get(verdict, ())
    shown = ", ".join(keys[:_EXAMPLES]) + (", ..." if count > _EXAMPLES else "")
    return f"{verdict} {count:,}: {_MEANING[verdict]} ({shown})"
