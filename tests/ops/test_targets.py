"""Notification targets: what came of each, in time, and without a word of its address."""

from __future__ import annotations

import importlib.util
import logging
import threading
import time
from typing import TYPE_CHECKING

import apprise
import pytest

from embedconsole.config.sections.notify import NotifyConfig
from embedconsole.faults import ConfigError
from embedconsole.ops.targets import Delivery, Message, Targets, Weight, check_extra
from support.receiver import Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator

MESSAGE = Message("a title", "a line\n<b>another</b> \x1b[2J", Weight.SUCCESS)
SECRETS = ("s3cret", "pa55word", "anna", "T0KEN")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def targets(*addresses: str, timeout: float = 20.0) -> Targets:
    return Targets(NotifyConfig.model_validate({"to": list(addresses), "timeout": timeout}))


def problems(deliveries: list[Delivery]) -> list[str | None]:
    for secret in SECRETS:
        assert secret not in str(deliveries)
    return [delivery.problem for delivery in deliveries]


def test_a_message_arrives_as_plain_text(receiver: Receiver) -> None:
    (delivery,) = targets(receiver.address).send(MESSAGE)

    assert (delivery.target, delivery.problem) == ("notify.to[0] (json)", None)
    (got,) = receiver.got
    assert (got["title"], got["type"]) == ("a title", "success")
    assert got["message"] == "a line\n<b>another</b> \ufffd[2J"


def test_each_target_is_told_whatever_the_others_do(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with receiving() as refusing:
        refusing.behaviour = "refuse"
        found = problems(
            targets(
                refusing.address,
                "json://anna:pa55word@127.0.0.1:1/s3cret-token",
                "slack://T0KEN",
                "nobody-speaks-this://s3cret-token",
                receiver.address,
            ).send(MESSAGE)
        )

    assert found[0] is not None
    assert "500" in found[0] or "Server" in found[0]
    assert found[1] is not None
    assert "Connection error" in found[1]
    assert found[2] == found[3] == "apprise does not know such an address, or it lacks a part"
    assert found[4] is None
    said = "".join(capfd.readouterr()) + "".join(
        record.getMessage() for record in caplog.records if record.levelno >= logging.INFO
    )
    assert not any(secret in said for secret in SECRETS)


def test_one_that_hangs_is_waited_for_so_long_and_gets_no_more_until_it_is_back(receiver: Receiver) -> None:
    with receiving() as hanging:
        hanging.behaviour = "hang"
        both = targets(hanging.address + "?rto=30", receiver.address, timeout=1.5)
        began = time.monotonic()
        first = problems(both.send(MESSAGE))
        took = time.monotonic() - began
        second = problems(both.send(MESSAGE))
        threads = [thread for thread in threading.enumerate() if thread.name == "notify"]
        hanging.behaviour = "take"
        hanging.let_go.set()
        for thread in threads:
            thread.join(10)
        third = problems(both.send(MESSAGE))

    assert first == ["no answer within 1.5 s", None]
    assert took < 3.0
    assert second == ["it has not answered the previous message", None]
    assert third == [None, None]
    assert len(hanging.got) == 2
    assert all(thread.daemon for thread in threads), "nobody waits for it at the end"


def test_a_plugin_that_raises_is_a_target_that_was_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def notify(self, **_: object) -> bool:
            raise KeyError("no s3cret-token in json://anna:pa55word@127.0.0.1:1/s3cret-token")

    monkeypatch.setattr(apprise.Apprise, "instantiate", staticmethod(lambda *_, **__: Broken()))

    (problem,) = problems(targets("json://anna:pa55word@127.0.0.1:1/s3cret-token").send(MESSAGE))

    assert problem is not None
    assert problem.startswith("KeyError: ")


def test_without_the_extra_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    check_extra(NotifyConfig())
    with pytest.raises(ConfigError, match=r"pip install '\.\[notify\]' in a checkout"):
        check_extra(NotifyConfig.model_validate({"to": ["json://127.0.0.1"]}))
