"""The alert rules: they make incidents of what was observed. Pure.

A rule that can't tell says nothing, and its incident stays as it is: a run that was interrupted has neither
failed nor shown that all is well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.ledger.records.incidents import AlertVerdict
from embedconsole.ledger.state import GateMark
from embedconsole.sync.shared.report import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from embedconsole.config.sections.notify import NotifyRules
    from embedconsole.ledger.records.items import Counts
    from embedconsole.ledger.records.processes import SharedGate
    from embedconsole.sync.observe.ledger_overview import LedgerOverview
    from embedconsole.sync.shared.report import PipelineReport, RunReport

_NOBODY_TRIES = 120.0
"""Seconds after which a breaker that should have been tried says nothing of the dependency any more."""

_SHUT = (GateMark.OPEN, GateMark.PROBING)


def of_run(rules: NotifyRules, report: RunReport, command: str) -> list[AlertVerdict]:
    """The verdicts about a run that has just ended.

    Args:
        command: How the operator calls us, for what to do next.
    """
    return [
        verdict
        for name, part in report.pipelines.items()
        for verdict in _of_part(rules, name, part, report.run, command)
    ]


def _of_part(
    rules: NotifyRules, name: str, part: PipelineReport, run: int | None, command: str
) -> Iterator[AlertVerdict]:
    failed, partial = f"run_failed:{name}", f"run_partial:{name}"
    closer = f"{command} test" if run is None else f"{command} runs {run}"
    if part.outcome is Outcome.ABORTED and rules.run_failed:
        waiting = f" {_items(part.pending + part.retrying)} wait." if part.pending + part.retrying else ""
        text = f"{name}: the run was stopped. {_sentence(part.message or 'no reason was given')}{waiting}"
        yield AlertVerdict(failed, f"{text}\n{_closer(closer)}")
    if part.outcome not in (Outcome.OK, Outcome.PARTIAL):
        return
    yield AlertVerdict(failed, None)
    # What a limit left is as the operator asked for it.
    if not (part.failed or part.retrying):
        yield AlertVerdict(partial, None)
    # Many failures are an incident of their own, and are not reported twice.
    elif rules.run_partial and not _too_many(rules, part.failed):
        yield AlertVerdict(
            partial, f"{name}: {_left(part)}.\n{_closer(f'{command} failures --pipeline {name}')}"
        )


def of_ledger(
    rules: NotifyRules, observed: LedgerOverview, open_names: Sequence[str], command: str
) -> list[AlertVerdict]:
    """The verdicts about the state of the ledger, whichever process wrote it.

    Args:
        open_names: The incidents that go on.
    """
    return [
        *_of_counts(rules, observed.counts, command),
        *_of_breakers(rules, observed.gates, frozenset(open_names), command),
    ]


def _of_counts(rules: NotifyRules, counts: Mapping[str, Counts], command: str) -> Iterator[AlertVerdict]:
    for name, count in counts.items():
        if rules.failures_above is not None:
            text = None
            if _too_many(rules, count.failed):
                more = f"more than the {rules.failures_above:,} of notify.on.failures_above"
                look = _closer(f"{command} failures --pipeline {name}")
                text = f"{name}: {_failed(count.failed)}, {more}.\n{look}"
            yield AlertVerdict(f"failures_above:{name}", text)
        if rules.oldest_pending is not None:
            text = None
            if count.oldest_age is not None and count.oldest_age > rules.oldest_pending:
                since = span_of(count.oldest_age)
                text = (
                    f"{name}: an item has been pending for {since}, and {_items(count.pending)} wait in all."
                    f"\n{_closer(f'{command} status')}"
                )
            yield AlertVerdict(f"oldest_pending:{name}", text)


def _of_breakers(
    rules: NotifyRules, gates: Sequence[SharedGate], open_names: frozenset[str], command: str
) -> Iterator[AlertVerdict]:
    if rules.breaker_open_for is None:
        return
    for gate in gates:
        name = f"breaker:{gate.key}"
        if gate.state not in _SHUT:
            if name in open_names:
                yield AlertVerdict(name, None)
        elif gate.age >= rules.breaker_open_for and gate.left > -_NOBODY_TRIES:
            text = (
                f"{gate.name} has been away for {span_of(gate.age)}: {_sentence(gate.fault or 'no answer')} "
                f"Nothing is lost; it is retried automatically.\n{_closer(f'{command} test')}"
            )
            yield AlertVerdict(name, text)


def _too_many(rules: NotifyRules, failed: int) -> bool:
    return rules.failures_above is not None and failed > rules.failures_above


def _left(part: PipelineReport) -> str:
    said = [_failed(part.failed)] if part.failed else []
    if part.retrying:
        said.append(f"{_items(part.retrying)} wait{'s' if part.retrying == 1 else ''} for another attempt")
    return " and ".join(said) or "some items are not in sync"


def _failed(count: int) -> str:
    return f"{_items(count)} failed"


def _items(count: int) -> str:
    return f"{count:,} item{'' if count == 1 else 's'}"


def _closer(command: str) -> str:
    return f"Look closer: {command}"


def _sentence(text: str) -> str:
    """The text as one sentence on one line."""
    line = " ".join(text.split())
    return line if line.endswith((".", "!", "?")) else f"{line}."


def span_of(seconds: float) -> str:
    """A time as people write it: 40 s, 12 min, 1 h 10 min, 3 d 4 h."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    if not hours:
        return f"{minutes} min"
    days, hours_of_day = divmod(hours, 24)
    if days:
        return f"{days} d {hours_of_day} h"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
