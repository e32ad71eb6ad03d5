"""The first signal drains, every further one stops, and afterwards all is as before."""

from __future__ import annotations

import os
import signal

import pytest

from embedconsole.cli.exits import interruptible

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("first", SIGNALS)
def test_the_first_drains_and_the_others_stop(first: signal.Signals) -> None:
    told: list[str] = []
    before = {number: signal.getsignal(number) for number in SIGNALS}

    with interruptible(lambda: told.append("drain"), lambda: told.append("stop")) as interruption:
        assert (interruption.first, interruption.count) == (None, 0)
        os.kill(os.getpid(), first)
        assert told == ["drain"]
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)

    assert told == ["drain", "stop", "stop"]
    assert (interruption.first, interruption.count) == (first, 3)
    assert {number: signal.getsignal(number) for number in SIGNALS} == before


def test_the_handlers_go_back_after_an_error_too() -> None:
    before = signal.getsignal(signal.SIGTERM)

    with pytest.raises(RuntimeError), interruptible(lambda: None, lambda: None):
        raise RuntimeError

    assert signal.getsignal(signal.SIGTERM) is before
