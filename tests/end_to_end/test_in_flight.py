"""The catalog changes while a run is at it. Scenarios 7 and 8; invariant 4."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from support.embedding_service import Behaviour
from support.processes import wait_until

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.installation import Json

_ONCE = ("--headless", "--once", "--json")


def test_edited_or_deleted_while_in_flight_and_runs_that_overlap(stage: Stage) -> None:
    """Scenario 8: the newest content wins, and what was deleted leaves no orphan, at the latest a run later.

    Scenario 21: of two runs that overlap the second ends with 4 and touches nothing, or waits if told to.
    """
    stage.shop.add(range(1, 11))
    assert stage.installation.sync().code == 0
    stage.forget()
    stage.installation.settings |= {"chunk_size": 1, "workers": 2}
    stage.service.behave(Behaviour("hold", mark="First edit"))
    stage.shop.edit([1, 2], title="First edit")
    with stage.installation.running(*_ONCE) as running:
        stage.service.wait_held(2)
        with stage.installation.running(*_ONCE, "--overlap", "wait") as waiting:
            requests = stage.qdrant.requests()

            skipped = stage.installation.sync()

            assert skipped.code == 4
            assert skipped.json["outcome"] == "skipped"
            assert "is already running it" in skipped.json["messages"]["products"]
            assert not any(skipped.products.values())
            assert stage.qdrant.requests() == requests
            assert stage.service.stats().requests == 2

            _wait_for_processes(stage, 2)
            stage.shop.edit([1], title="Newest")
            stage.shop.delete([2])
            stage.service.release()
            ends = [running.ended(), waiting.ended()]

    assert [end.code for end in ends] == [0, 0], ends
    assert [end.json["outcome"] for end in ends] == ["ok", "ok"]
    assert {end.json["run"] for end in ends} == {2, 3}
    titles = {number: payload["title"] for number, payload in stage.points.payloads().items()}
    assert titles.keys() == set(range(1, 11)) - {2}
    assert titles[1] == "Newest"


def _wait_for_processes(stage: Stage, count: int) -> None:
    """Wait until so many others have announced themselves."""

    def there() -> bool:
        checks = {
            check["subject"]: check["detail"]
            for check in stage.installation.run("test", "--json").json["checks"]
        }
        return re.search(rf"\b{count} (other )?processes", checks["ledger"]) is not None

    wait_until(there, f"{count} processes are at work")


def _wait_for_plan(stage: Stage, pending: int) -> Json:
    """What `status` says of the pipeline once the running program has planned."""
    seen: list[Json] = []

    def planned() -> bool:
        seen.append(stage.installation.run("status", "--json").products)
        return bool(seen[-1]["backlog"]["pending"] == pending)

    wait_until(planned, "the plan is done")
    return seen[-1]


def test_edited_between_plan_and_claim(stage: Stage) -> None:
    """Scenario 8: the worker reads what is newer than the plan; the run writes that once, and ends.

    Meanwhile `status` shows the batches in flight of the process that runs.
    """
    stage.shop.add(range(1, 6))
    # One batch of one item embeds, one more is read and waits for it; the others are only planned.
    stage.installation.settings |= {"chunk_size": 1, "workers": 1}
    stage.service.behave(Behaviour("hold", times=1))
    with stage.installation.running(*_ONCE, timeout=15) as running:
        stage.service.wait_held(1)
        held = _wait_for_plan(stage, 5)["in_flight"]
        stage.shop.edit([4], title="Newer than the plan")
        stage.shop.edit([5], price="7.77")
        stage.service.release()
        ended = running.ended()

    assert ended.code == 0, ended.err
    assert (ended.products["embedded"], ended.products["pending"]) == (5, 0)
    assert {(batch["pipeline"], batch["work"], batch["items"], batch["attempt"]) for batch in held} == {
        ("products", "embed", 1, 1)
    }
    assert stage.service.stats().embeds == {str(number): 1 for number in range(1, 6)}
    assert stage.points.payload(4)["title"] == "Newer than the plan"
    assert stage.points.payload(5)["price"] == 7.77


def test_recreated_while_its_delete_is_under_way(sqlite_stage: Stage) -> None:
    """Scenario 7: the point is back at the latest with the next run."""
    stage = sqlite_stage
    stage.shop.add(range(1, 11))
    assert stage.installation.sync().code == 0
    stage.shop.delete([4])
    stage.qdrant.fail_next("hold", path="points/delete")
    with stage.installation.running(*_ONCE) as running:
        stage.qdrant.wait_held()
        stage.shop.add([4])
        stage.shop.edit([4], title="Born again")
        stage.qdrant.release()
        ended = running.ended()
    assert ended.code == 0, ended.err

    assert stage.installation.sync().code == 0

    assert stage.points.ids() == set(range(1, 11))
    assert stage.points.payload(4)["title"] == "Born again"
