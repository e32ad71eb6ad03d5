"""The app of a configuration, and what is said when there is none."""

from __future__ import annotations

import builtins
import sys
from typing import TYPE_CHECKING, Any

import pytest

import embedconsole.celery
from config.conftest import BASE, settled
from embedconsole.celery.build import DRAIN, PLAN, build_app, send_drain, visibility_timeout
from embedconsole.config.show import show
from embedconsole.ledger.items.claim import LEASE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

    from celery import Celery

CELERY = "celery: {broker: 'redis://:secret@broker:6379/3', queue: shop-embeddings, drain_seconds: 5m}\n"


def app_of(text: str) -> Celery:
    return build_app(settled(BASE + text))


def test_the_settings_and_their_defaults() -> None:
    ours = settled(BASE).settings.celery
    assert ours.broker.get_secret_value() == "redis://127.0.0.1:6379/0"
    assert (ours.queue, ours.drain_seconds, ours.results) == ("embedconsole", 60, None)
    theirs = settled(BASE + CELERY).settings.celery
    assert (theirs.queue, theirs.drain_seconds) == ("shop-embeddings", 300)
    assert "secret" not in repr(theirs)


def test_a_brokers_password_is_not_shown() -> None:
    two = "celery: {broker: 'sentinel://:secret@one:26379;sentinel://:secret@two:26379'}\n"
    shown = show(settled(BASE + two), environ={})
    assert "sentinel://***@one:26379;sentinel://***@two:26379" in shown
    assert "secret" not in shown


@pytest.mark.parametrize("broker", ["''", "broker:6379", "redis://"])
def test_a_broker_is_an_address(broker: str) -> None:
    with pytest.raises(Exception, match=r"celery\.broker: should be an address such as redis://"):
        settled(f"{BASE}celery: {{broker: {broker!r}}}\n")


def test_messages_are_acknowledged_late_and_outlive_the_lease() -> None:
    conf = app_of(CELERY).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.worker_send_task_events
    # Longer than a ledger that does not answer is waited for, else Celery kills the process in a circle.
    assert conf.worker_proc_alive_timeout > 20
    assert conf.task_default_queue == "shop-embeddings"
    assert conf.broker_transport_options["visibility_timeout"] == visibility_timeout(300)
    assert visibility_timeout(1) > LEASE_SECONDS
    assert app_of("celery: {broker: 'amqp://rabbit//'}\n").conf.broker_transport_options == {}


def test_beat_plans_as_often_as_the_daemon_and_looks_for_what_is_due_in_between() -> None:
    schedule = app_of("schedule: {every: 30m}\n").conf.beat_schedule
    plan, drain = schedule[f"{PLAN} products"], schedule[f"{DRAIN} products"]
    assert (plan["task"], plan["args"], plan["schedule"]) == (PLAN, ("products",), 1800)
    assert (drain["task"], drain["schedule"]) == (DRAIN, 60)
    # Where nobody works, they do not pile up.
    assert drain["options"]["expires"] == 60


def test_a_broker_that_is_away_fails_no_task(caplog: pytest.LogCaptureFixture) -> None:
    send_drain(app_of("celery: {broker: 'redis://127.0.0.1:9/0'}\n"), 60.0, "products")
    assert "the broker does not answer, no worker is called" in caplog.text


def test_without_a_configuration_the_worker_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMBEDCONSOLE_CONFIG", str(tmp_path / "none.yaml"))
    with pytest.raises(SystemExit) as ended:
        _ = embedconsole.celery.app
    assert ended.value.code == 2
    assert "none.yaml: no such file" in capsys.readouterr().err


def test_without_the_extra_the_worker_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(BASE)
    monkeypatch.setenv("EMBEDCONSOLE_CONFIG", str(config))
    for name in [name for name in sys.modules if name.startswith("embedconsole.celery.")]:
        monkeypatch.delitem(sys.modules, name)
    original = builtins.__import__

    def without_celery(name: str, *rest: Any, **named: Any) -> Any:
        if name.partition(".")[0] == "celery":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without_celery)
    with pytest.raises(SystemExit):
        _ = embedconsole.celery.app
    assert "pip install '.[celery]' in a checkout" in capsys.readouterr().err
