"""The daemon: runs on its schedule, picks up what changed, drains when told to, and writes the log."""

from __future__ import annotations

import json
import re
import signal
from typing import TYPE_CHECKING

from crash.converged import assert_converged, on_sqlite, paid_again
from support.embedding_service import Behaviour
from support.processes import running, wait_until

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.ledger_rows import LedgerRows

PICTURES = """\
SELECT p.id, p.category_id AS product_id, p.title, p.description, p.image_url, p.updated_at FROM products p"""


def daemon_settings(stage: Stage) -> None:
    """A run every second."""
    stage.installation.settings["schedule"] = {"every": "1s"}


def picture_settings(stage: Stage) -> None:
    """Items that are the pictures of products."""
    daemon_settings(stage)
    pipeline = stage.installation.settings["pipelines"]["products"]
    pipeline["catalog"]["query"] = PICTURES
    pipeline["collection"] |= {"payload": {"title": "title"}, "indexes": {}}
    pipeline["embed"]["text"] = "{title}"


@on_sqlite
def test_the_daemon_picks_up_changes_and_drains(stage: Stage, ledger: LedgerRows) -> None:
    daemon_settings(stage)
    stage.shop.add(range(1, 41))
    with running(stage.installation, "--headless", "--json") as daemon:
        daemon.wait_out('"embedded": 40')
        stage.shop.edit([1, 2], title="Edited")
        stage.shop.add([41])
        stage.shop.delete([3])
        daemon.wait_out('"embedded": 3, "payload_updated": 0, "deleted": 1')
        assert_converged(stage, ledger)

        stage.service.behave(Behaviour("hold"))
        stage.shop.edit([4], title="Edited while it drains")
        stage.service.wait_held()
        daemon.send(signal.SIGTERM)
        stage.service.release()
        ended = daemon.wait()

    assert ended.code == 143
    assert json.loads(ended.out.splitlines()[-1])["outcome"] == "interrupted"
    assert_converged(stage, ledger)
    assert paid_again(stage) == 3
    assert not ledger.workers()
    assert not ledger.lease_holders()


@on_sqlite
def test_a_second_signal_ends_the_daemon_at_once(stage: Stage, ledger: LedgerRows) -> None:
    daemon_settings(stage)
    stage.shop.add(range(1, 41))
    stage.service.behave(Behaviour("hold"))
    with running(stage.installation, "--headless") as daemon:
        stage.service.wait_held()
        daemon.send(signal.SIGINT)
        daemon.send(signal.SIGTERM)
        ended = daemon.wait()

    assert ended.code == 130
    assert ledger.claimed() == 0
    assert not ledger.lease_holders()


@on_sqlite
def test_the_log_has_a_line_a_batch_and_a_line_a_failed_item(stage: Stage, ledger: LedgerRows) -> None:
    picture_settings(stage)
    stage.shop.add(range(1, 21))
    stage.service.behave(Behaviour("status", mark='Product number 7"', status=422, body="unreadable image"))
    with running(stage.installation, "--headless") as daemon:
        daemon.wait_out("^products: finished, not in sync: ")
        daemon.send(signal.SIGTERM)
        assert daemon.wait().code == 143

    lines = stage.installation.log.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING|ERROR) ", line) for line in lines)
    batches = [line for line in lines if " Indexed batch " in line]
    assert len(batches) == 2
    named = {number for line in batches for number in re.findall(r"#(\d+) \(product #\d\)", line)}
    assert named == {str(number) for number in range(1, 21)} - {"7"}
    (failed,) = [line for line in lines if " Failed " in line]
    assert "Failed #7 (product #2) of products - error: " in failed
    assert "unreadable image" in failed


@on_sqlite
def test_the_log_as_json(stage: Stage, ledger: LedgerRows) -> None:
    picture_settings(stage)
    stage.shop.add(range(1, 21))
    stage.service.behave(Behaviour("status", mark='Product number 7"', status=422, body="unreadable image"))
    with running(stage.installation, "--headless", "--log-format", "json") as daemon:
        daemon.wait_out("^products: finished, not in sync: ")
        daemon.send(signal.SIGTERM)
        assert daemon.wait().code == 143

    lines = [json.loads(line) for line in stage.installation.log.splitlines()]
    assert all({"time", "level", "message"} <= set(line) for line in lines)
    keys = [key for line in lines if line.get("event") == "batch" for key in line["keys"]]
    assert sorted(map(int, keys)) == [number for number in range(1, 21) if number != 7]
    (failed,) = [line for line in lines if line.get("event") == "item_failed"]
    assert (failed["key"], failed["product"], failed["class"]) == ("7", 2, "item")
    runs = [line for line in lines if line.get("event") == "run"]
    assert failed["run"] == runs[0]["run"]
    assert failed["batch"] in [line["batch"] for line in lines if line.get("event") == "batch"]
    assert runs[0]["outcome"] == "partial"


@on_sqlite
def test_the_daemon_takes_up_what_a_killed_run_left(stage: Stage, ledger: LedgerRows) -> None:
    daemon_settings(stage)
    stage.installation.settings["schedule"] = {"every": "1h"}
    stage.shop.add(range(1, 41))
    with running(stage.installation, "--headless", "--json") as daemon:
        daemon.wait_out('"embedded": 40')
        stage.service.behave(Behaviour("hold", times=1))
        stage.shop.edit([1], title="Edited")
        with running(stage.installation, "--headless", "--once") as killed:
            stage.service.wait_held()
            killed.kill()

        # Its next run is an hour away.
        wait_until(lambda: ledger.synced() == 40, "what the dead process held is taken up")
    assert stage.points.payload(1)["title"] == "Edited"
