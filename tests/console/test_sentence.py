"""The sentence: short, whole, and true whatever the situation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.console.status_line import Situation, Wait, sentence

counts = st.integers(0, 2_000_000)
letters = st.characters(codec="ascii", categories=["L", "N"])
texts = st.one_of(st.none(), st.text(letters, min_size=1, max_size=40))
waits = st.one_of(
    st.none(),
    st.builds(
        Wait,
        st.just("embedder ml"),
        texts,
        st.one_of(st.none(), st.floats(0, 10_000)),
        st.booleans(),
    ),
)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """Anything that can be the case at once."""
    retrying, pending = sorted((draw(counts), draw(counts)))
    done, wanted = sorted((draw(counts), draw(counts)))
    running = draw(st.booleans())
    return Situation(
        opening=draw(st.booleans()),
        closing=draw(st.booleans()),
        draining=draw(st.booleans()),
        broken=draw(texts),
        ledger_fault=draw(texts),
        silent_for=draw(st.floats(0, 100_000)),
        asked_in=draw(st.one_of(st.none(), st.floats(0, 100_000))),
        as_of="10:31:07",
        paused=draw(st.booleans()),
        paused_at=draw(st.sampled_from([None, "10:12"])),
        running=running,
        planning=draw(st.booleans()),
        wait=draw(waits),
        halted=None if running else draw(texts),
        known=draw(st.booleans()),
        scanned=draw(counts),
        wanted=wanted,
        done=done,
        rate=draw(st.one_of(st.none(), st.floats(0.1, 10_000))),
        eta=draw(st.one_of(st.none(), st.floats(0, 1e7))),
        pending=pending,
        retrying=retrying,
        failed=draw(counts),
        synced=draw(counts),
        in_flight_batches=draw(st.integers(0, 50)),
        elsewhere=draw(st.sampled_from([0, 0, 400])),
        last_run=draw(st.sampled_from([None, "12:00"])),
        changed=draw(counts),
        next_run=draw(st.sampled_from([None, "13:00"])),
        read_only=draw(st.booleans()),
    )


def on_top(now: Situation) -> bool:
    """Whether the engine itself has the word."""
    return now.broken is not None or now.closing or now.draining or now.opening


@given(situations())
def test_it_is_one_whole_line(now: Situation) -> None:
    said = sentence(now)

    assert said.strip() == said
    assert said[0].isalnum()
    assert said.endswith(".")
    assert "\n" not in said
    assert "  " not in said
    assert "None" not in said


@given(situations())
def test_in_sync_is_said_only_when_all_is_well(now: Situation) -> None:
    if sentence(now).startswith("In sync"):
        assert not on_top(now)
        assert now.ledger_fault is None
        assert now.halted is None
        assert now.known
        assert not any((now.paused, now.running, now.pending, now.failed, now.elsewhere))


@given(situations())
def test_what_wants_the_operator_is_never_hidden_by_what_goes_on(now: Situation) -> None:
    said = sentence(now)

    if now.broken is not None:
        assert now.broken in said
    elif on_top(now):
        pass
    elif now.ledger_fault is not None:
        assert now.ledger_fault in said
    elif now.paused:
        assert "Paused" in said
    elif now.running and now.wait is not None:
        assert "embedder ml" in said.lower()
    elif now.halted is not None:
        assert now.halted in said


@given(situations())
def test_failures_are_counted_wherever_work_is_told(now: Situation) -> None:
    calm = not on_top(now) and now.ledger_fault is None and not now.paused and now.halted is None
    if calm and now.failed and now.known and not (now.running and now.wait is not None):
        assert f"{now.failed:,}" in sentence(now)


@given(situations())
def test_read_only_never_offers_a_key_that_does_nothing(now: Situation) -> None:
    said = sentence(replace(now, read_only=True, paused=False))

    assert "press s" not in said
    assert "press r" not in said


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (
            Situation(known=True, synced=987_655, last_run="12:00", changed=3, next_run="13:00"),
            "In sync. 987,655 products; last run 12:00 changed 3; next run 13:00.",
        ),
        (
            Situation(
                running=True, known=True, wanted=12_340, eta=53.0, rate=231.0, failed=3, pending=12_340
            ),
            "Syncing 12,340 products, about 53 s to go. 3 failed.",
        ),
        (
            Situation(running=True, known=True, wanted=12, done=11, failed=1, noun="picture"),
            "Syncing 1 picture, time to go not known yet. 1 failed.",
        ),
        (
            Situation(
                running=True, known=True, pending=4_001, wait=Wait("embedder ml", None, 28.0, throttled=True)
            ),
            "Waiting 28 s: embedder ml asked for a pause (429). 4,001 products wait.",
        ),
        (
            Situation(
                running=True,
                known=True,
                pending=3_502,
                wait=Wait("collection products", "connection refused", None),
            ),
            "Collection products does not answer (connection refused); retrying now. 3,502 products wait.",
        ),
        (
            Situation(known=True, halted="catalog: connection refused", retry_in=8.2),
            "Retrying in 8 s. Press s to retry now. Catalog: connection refused.",
        ),
        (
            Situation(known=True, halted="ml: it refused the key (401). Set ML_TOKEN"),
            "Stopped: ml: it refused the key (401). Set ML_TOKEN. Fix it, then press s.",
        ),
        (
            Situation(known=True, paused=True, paused_at="10:12", pending=4_001),
            "Paused by you at 10:12; 4,001 products wait. Space resumes.",
        ),
        (
            Situation(known=True, ledger_fault="no answer yet", silent_for=14.2, as_of="10:31:07"),
            "The ledger has not answered for 14 s; figures are from 10:31:07. no answer yet.",
        ),
        (
            Situation(ledger_fault="ledger: connection refused", silent_for=14.2, asked_in=3.0),
            "The ledger has not answered for 14 s, retrying in 3 s. ledger: connection refused.",
        ),
        (
            Situation(known=True, synced=5, failed=1, next_run="13:00"),
            "1 product failed; the rest is in sync; next run 13:00. Press r to retry.",
        ),
        (Situation(), "Nothing synced yet; s starts the first run."),
        (
            Situation(known=True, elsewhere=400, held_by="web2", pending=1_200),
            "Another process (web2) syncs 400 products; 1,200 products wait.",
        ),
        (
            Situation(known=True, draining=True, in_flight_batches=1),
            "Leaving when 1 batch in flight is written; q again leaves at once, and nothing is lost.",
        ),
    ],
)
def test_the_words(now: Situation, said: str) -> None:
    assert sentence(now) == said
