"""The rules of what operators are told, on numbers alone."""

from __future__ import annotations

import pytest

from embedconsole.config.sections.notify import NotifyRules
from embedconsole.ledger.records.items import Counts
from embedconsole.ledger.records.processes import SharedGate
from embedconsole.ledger.state import GateMark
from embedconsole.sync.observe.alert_rules import of_ledger, of_run, span_of
from embedconsole.sync.observe.ledger_overview import LedgerOverview
from embedconsole.sync.shared.report import Outcome, PipelineReport, RunReport

RULES = NotifyRules()


def after(report: PipelineReport, run: int | None = 7, rules: NotifyRules = RULES) -> dict[str, str | None]:
    """What a run of `products` shows."""
    found = of_run(rules, RunReport(run, {"products": report}), "embedconsole")
    return {verdict.name: verdict.text for verdict in found}


def seen(
    *gates: SharedGate,
    counts: Counts | None = None,
    open_names: tuple[str, ...] = (),
    rules: NotifyRules = RULES,
) -> dict[str, str | None]:
    """What the ledger shows."""
    observed = LedgerOverview({} if counts is None else {"products": counts}, gates)
    return {verdict.name: verdict.text for verdict in of_ledger(rules, observed, open_names, "embedconsole")}


def gate(state: GateMark, age: float, left: float = 20.0) -> SharedGate:
    return SharedGate("embedder:1", "embedder ml", state, age, left, 3, "answered 500", None, 1)


def test_a_run_that_was_stopped_says_why_how_many_wait_and_where_to_look() -> None:
    report = PipelineReport(pending=12, outcome=Outcome.ABORTED, message="Qdrant: can't be reached")

    assert after(report) == {
        "run_failed:products": "products: the run was stopped. Qdrant: can't be reached. 12 items wait.\n"
        "Look closer: embedconsole runs 7"
    }


def test_a_run_that_could_not_begin_has_no_number_to_look_at() -> None:
    text = after(PipelineReport(outcome=Outcome.ABORTED, message="no such column"), run=None)

    assert text["run_failed:products"] == (
        "products: the run was stopped. no such column.\nLook closer: embedconsole test"
    )


def test_a_partial_run_has_not_failed_and_says_what_it_left() -> None:
    report = PipelineReport(failed=1, retrying=3, outcome=Outcome.PARTIAL)

    assert after(report) == {
        "run_failed:products": None,
        "run_partial:products": "products: 1 item failed and 3 items wait for another attempt.\n"
        "Look closer: embedconsole failures --pipeline products",
    }


def test_a_run_in_sync_ends_both() -> None:
    assert after(PipelineReport()) == {"run_failed:products": None, "run_partial:products": None}


@pytest.mark.parametrize("outcome", [Outcome.INTERRUPTED, Outcome.SKIPPED, Outcome.PLANNED])
def test_a_run_that_did_not_come_to_its_end_says_nothing(outcome: Outcome) -> None:
    assert after(PipelineReport(failed=3, outcome=outcome)) == {}


def test_many_failures_are_one_incident_not_two() -> None:
    report = PipelineReport(failed=1000, outcome=Outcome.PARTIAL)

    assert after(report) == {"run_failed:products": None}
    text = seen(counts=Counts(failed=1000))["failures_above:products"]
    assert text is not None
    assert text.startswith("products: 1,000 items failed, more than the 50 ")
    assert "run_partial:products" in after(report, rules=RULES.model_copy(update={"failures_above": None}))


@pytest.mark.parametrize(("failed", "told"), [(50, False), (51, True)])
def test_failures_count_above_the_threshold(failed: int, told: bool) -> None:
    assert (seen(counts=Counts(failed=failed))["failures_above:products"] is not None) is told


@pytest.mark.parametrize(("age", "told"), [(None, False), (3600.0, False), (3601.0, True)])
def test_what_has_been_due_for_too_long_is_told(age: float | None, told: bool) -> None:
    text = seen(counts=Counts(pending=2345, oldest_age=age))["oldest_pending:products"]

    assert (text is not None) is told
    if text is not None:
        assert "pending for 1 h, and 2,345 items wait" in text


@pytest.mark.parametrize("state", [GateMark.OPEN, GateMark.PROBING])
def test_a_breaker_is_told_once_it_has_been_open_for_so_long(state: GateMark) -> None:
    assert seen(gate(state, 299.0)) == {}
    (text,) = seen(gate(state, 300.0)).values()
    assert text is not None
    assert text.startswith("embedder ml has been away for 5 min: answered 500. Nothing is lost")


def test_a_breaker_that_nobody_tries_any_more_says_nothing_either_way() -> None:
    assert seen(gate(GateMark.OPEN, 9000.0, left=-200.0), open_names=("breaker:embedder:1",)) == {}


def test_a_breaker_that_has_just_opened_again_does_not_end_the_incident_before() -> None:
    assert seen(gate(GateMark.OPEN, 10.0), open_names=("breaker:embedder:1",)) == {}


def test_a_breaker_that_has_closed_ends_its_incident_where_there_is_one() -> None:
    assert seen(gate(GateMark.CLOSED, 10.0)) == {}
    assert seen(gate(GateMark.CLOSED, 10.0), open_names=("breaker:embedder:1",)) == {
        "breaker:embedder:1": None
    }


def test_what_is_off_is_not_looked_for() -> None:
    rules = NotifyRules.model_validate(
        {
            "run_failed": "false",
            "run_partial": False,
            "breaker_open_for": "off",
            "oldest_pending": "off",
            "failures_above": "off",
        }
    )

    assert seen(gate(GateMark.OPEN, 9e5), counts=Counts(failed=9999, oldest_age=1e6), rules=rules) == {}
    aborted, partial = (PipelineReport(failed=9, outcome=one) for one in (Outcome.ABORTED, Outcome.PARTIAL))
    assert after(aborted, rules=rules) == {}
    assert after(partial, rules=rules) == {"run_failed:products": None}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (4210, "1 h 10 min"), (7200, "2 h"), (100_000, "1 d 3 h")],
)
def test_spans_are_written_as_people_write_them(seconds: float, text: str) -> None:
    assert span_of(seconds) == text
