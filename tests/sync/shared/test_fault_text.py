"""Cause, consequence and remedy on one line, whatever the fault and whatever happens next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import BadInput, FaultClass, Refused, Throttled, Transient
from embedconsole.sync.shared.fault_text import after_failing, given_back, left_for_later, stopped, waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.faults import Fault

FAULTS = (Throttled, Transient, BadInput, Refused)


def test_every_class_of_faults_is_known() -> None:
    assert {fault.kind for fault in FAULTS} == set(FaultClass)


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("told", [stopped, given_back, left_for_later, lambda fault: waits(fault, 2.0)])
def test_the_consequence_stands_between_the_cause_and_the_remedy(
    kind: Callable[..., Fault], told: Callable[[Fault], str]
) -> None:
    line = told(kind("Qdrant", "it said no.", remedy="Ask it again"))
    assert line.startswith("Qdrant: it said no; ")
    assert line.endswith(". Ask it again")
    assert len(line) > len("Qdrant: it said no; . Ask it again")
    assert "\n" not in line


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            stopped(Refused("embedder ml", "401 Unauthorized", remedy="Check the token")),
            "embedder ml: 401 Unauthorized; no attempts used. Check the token",
        ),
        (
            stopped(Transient("catalog", "connection refused")),
            "catalog: connection refused; nothing is lost, the next run continues",
        ),
        (
            given_back(Transient("Qdrant", "timed out")),
            "Qdrant: timed out; its items are retried, no attempts used",
        ),
        (waits(Transient("ledger", "gone"), 2.0), "ledger: gone; retrying in 2 s"),
        (after_failing(60.4), "retrying in 60 s"),
        (after_failing(None), "failed"),
    ],
)
def test_the_words(line: str, said: str) -> None:
    assert line == said
