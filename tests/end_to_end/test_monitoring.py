"""Notifications, metrics and probes of the real program, by cron and as a daemon."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ops.scenes import values
from support.embedding_service import Behaviour
from support.ports import free_port
from support.processes import running, wait_until
from support.receiver import Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.fixtures_shop import Stage

SECRETS = ("s3cret-token", "pa55word")


@pytest.fixture
def receiver(sqlite_stage: Stage) -> Iterator[Receiver]:
    """Somebody whom the installation tells."""
    with receiving() as receiver:
        sqlite_stage.installation.settings["notify"] = {"to": [receiver.address]}
        yield receiver


def figures(file: Path) -> dict[tuple[str, ...], float]:
    return values(list(text_string_to_metric_families(file.read_text(encoding="utf-8"))))


def test_runs_of_cron_tell_of_a_failure_once_and_of_its_end_and_leave_figures(
    sqlite_stage: Stage, receiver: Receiver
) -> None:
    stage, file = sqlite_stage, sqlite_stage.installation.folder / "metrics" / "embedconsole.prom"
    stage.shop.add(range(1, 6))
    good = stage.installation.settings["embedders"]["ml"]["url"]
    stage.installation.settings["embedders"]["ml"]["url"] = "http://127.0.0.1:9/embed"

    ended = [stage.installation.sync("--metrics-file", str(file)) for _ in range(2)]
    failed = figures(file)
    stage.installation.settings["embedders"]["ml"]["url"] = good
    ended += [stage.installation.sync("--metrics-file", str(file)) for _ in range(2)]

    assert [one.code for one in ended] == [3, 3, 0, 0]
    (title, text), (end, after) = receiver.told
    assert title == "embedconsole: something needs attention"
    assert text.startswith("products: the run was stopped. embedding service ml: ")
    assert text.endswith("5 items wait.\nLook closer: embedconsole runs 1")
    assert end == "embedconsole: recovered"
    assert after.startswith("Over after ")
    assert failed[("embedconsole_runs_total", "aborted", "products")] == 2
    assert ("embedconsole_last_success_timestamp_seconds", "products") not in failed
    assert failed[("embedconsole_items", "products", "pending")] == 5
    shown = figures(file)
    assert shown[("embedconsole_items_embedded_total", "products")] == 5
    assert shown[("embedconsole_items", "products", "synced")] == 5
    assert shown[("embedconsole_runs_total", "ok", "products")] == 2
    assert (
        shown[("embedconsole_last_success_timestamp_seconds", "products")]
        == shown[("embedconsole_last_run_timestamp_seconds", "products")]
    )


def test_a_run_that_can_not_begin_is_told_too(sqlite_stage: Stage, receiver: Receiver) -> None:
    stage, file = sqlite_stage, sqlite_stage.installation.folder / "embedconsole.prom"
    stage.pipeline["embed"]["text"] = "{titel}"

    misconfigured = stage.installation.sync("--metrics-file", str(file))
    stage.installation.settings["ledger"] = "postgresql://embedconsole:pa55word@127.0.0.1:9/ledger"
    away = [stage.installation.sync("--metrics-file", str(file)) for _ in range(2)]

    assert [one.code for one in (misconfigured, *away)] == [2, 3, 3]
    (_, wrong), (_, unreachable) = receiver.told
    assert "the query has no column 'titel'" in wrong
    assert wrong.endswith("Look closer: embedconsole test")
    assert unreachable.startswith("ledger: ")
    assert figures(file)[("embedconsole_runs_total", "aborted", "products")] == 3
    assert figures(file)[("embedconsole_ledger_up",)] == 0
    told = json.dumps(receiver.got) + "".join(one.out + one.err for one in away) + stage.installation.log
    assert not [secret for secret in SECRETS if secret in told]


def test_nobody_who_does_not_take_it_changes_a_run(sqlite_stage: Stage, receiver: Receiver) -> None:
    stage = sqlite_stage
    stage.shop.add(range(1, 6))
    stage.shop.edit([3], title="poison")
    stage.service.behave(Behaviour("status", mark="poison", status=422))
    receiver.behaviour = "hang"
    to = [receiver.address + "?rto=60", "json://127.0.0.1:1/s3cret-token", "slack://s3cret-token"]
    stage.installation.settings["notify"] = {"to": to, "timeout": 2}

    ended = stage.installation.sync(timeout=60)

    assert (ended.code, ended.products["embedded"], ended.products["failed"]) == (1, 4, 1)
    warnings = re.findall(r"WARNING (notify: .*)", stage.installation.log)
    assert [warning.split(": ")[1] for warning in warnings] == [
        "notify.to[0] (json) did not get the message",
        "notify.to[1] (json) did not get the message",
        "notify.to[2] (slack) did not get the message",
    ]
    for text in (ended.out, ended.err, stage.installation.log):
        assert not [secret for secret in SECRETS if secret in text]


def test_notify_test_says_what_came_of_each_target(sqlite_stage: Stage, receiver: Receiver) -> None:
    installation = sqlite_stage.installation

    fine = installation.run("notify", "test")
    installation.settings["notify"]["to"].append("json://anna:pa55word@127.0.0.1:1/s3cret-token")
    bad = installation.run("notify", "test", "--json")
    shown = installation.run("config", "show")
    installation.settings["notify"] = {"to": [""]}
    nobody = installation.run("notify", "test")

    assert (fine.code, bad.code, nobody.code) == (0, 3, 2)
    assert re.fullmatch(r"ok    notify\.to\[0\] \(json\) +\d+ ms  delivered\n", fine.out)
    first, second = bad.json["targets"]
    assert (first["target"], first["ok"], first["problem"]) == ("notify.to[0] (json)", True, None)
    assert (second["target"], second["ok"]) == ("notify.to[1] (json)", False)
    assert "notify.to is empty" in nobody.err
    assert len(receiver.got) == 2
    for text in (fine.out + fine.err, bad.out + bad.err, shown.out):
        assert not [secret for secret in SECRETS if secret in text]


def test_the_daemon_answers_prometheus_and_probes_and_tells(sqlite_stage: Stage, receiver: Receiver) -> None:
    stage, port = sqlite_stage, free_port()
    stage.installation.settings["schedule"] = {"every": "1s"}
    stage.installation.settings["metrics"] = {"path": "/figures"}
    stage.shop.add(range(1, 41))
    url = f"http://127.0.0.1:{port}"
    with running(
        stage.installation, "--headless", "--json", "--metrics-listen", f"127.0.0.1:{port}"
    ) as daemon:
        daemon.wait_out('"embedded": 40')
        stage.service.behave(Behaviour("hold"))
        stage.shop.edit([4], title="Edited")
        stage.service.wait_held()
        wait_until(lambda: httpx.get(f"{url}/ready").status_code == 200, "ready")
        live, text = httpx.get(f"{url}/live").json(), httpx.get(f"{url}/figures").text
        stage.service.release()
        stage.service.behave(Behaviour("status", status=401))
        stage.shop.edit([5], title="Edited")
        receiver.wait_for(1)
        stage.service.behave()
        receiver.wait_for(2)
        daemon.send(signal.SIGTERM)
        ended = daemon.wait()

    assert ended.code == 143
    assert live["ok"]
    shown = values(list(text_string_to_metric_families(text)))
    assert shown[("embedconsole_items_embedded_total", "products")] == 40
    (title, failure), (end, _) = receiver.told
    assert (title, end) == ("embedconsole: something needs attention", "embedconsole: recovered")
    assert "401" in failure


def test_a_daemon_that_is_halted_by_its_configuration_says_so(
    sqlite_stage: Stage, receiver: Receiver
) -> None:
    stage, port = sqlite_stage, free_port()
    stage.pipeline["embed"]["text"] = "{titel}"
    stage.installation.settings["metrics"] = {"listen": f"127.0.0.1:{port}"}
    with running(stage.installation, "--headless", "--json") as daemon:
        daemon.wait_out('"outcome": "aborted"')
        receiver.wait_for(1)
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: "no column 'titel'" in httpx.get(f"{url}/ready").text, "told by the probe")
        ready, live = httpx.get(f"{url}/ready"), httpx.get(f"{url}/live")
        daemon.send(signal.SIGTERM)
        ended = daemon.wait()

    assert (live.status_code, ready.status_code) == (200, 503)
    assert "no column 'titel'" in ready.json()["why"][0]
    assert "no column 'titel'" in receiver.told[0][1]
    assert "no column 'titel'" in ended.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--headless", "--once", "--metrics-listen", "127.0.0.1:1"), "--metrics-listen is for the daemon"),
        (("--headless", "--metrics-listen", "nowhere"), "an address and a port such as 127.0.0.1:9464"),
        (("--headless", "--metrics-file", "x.prom"), "the daemon has --metrics-listen"),
    ],
)
def test_flags_that_make_no_sense_are_refused(
    sqlite_stage: Stage, arguments: tuple[str, ...], told: str
) -> None:
    wrong = sqlite_stage.installation.run(*arguments)

    assert (wrong.code, wrong.out) == (2, "")
    assert told in wrong.err


def test_figures_that_can_not_be_written_change_no_exit_code(sqlite_stage: Stage) -> None:
    sqlite_stage.shop.add([1])

    ended = sqlite_stage.installation.sync("--metrics-file", "/dev/null/x.prom")

    assert ended.code == 0
    assert "No metrics are written to /dev/null/x.prom: File exists." in ended.err
