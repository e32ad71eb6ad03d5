"""What the options of one run do. Scenarios 4 and 5."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from sqlalchemy import inspect

from support.embedding_service import Behaviour
from support.installation import Points

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.installation import Ended

_COUNTS = (
    "scanned", "embedded", "payload_updated", "deleted", "unchanged", "retrying", "failed", "pending",
)  # fmt: skip
_ONCE = ("--headless", "--once", "--json")


def _counts(ended: Ended) -> dict[str, int]:
    return {name: ended.products[name] for name in _COUNTS}


# On SQLite alone: counting is the engine's. What differs by database is in test_changes.py and ledger/.
def test_limit_is_exact_a_dry_run_counts_as_the_real_one_and_force_embeds_all(sqlite_stage: Stage) -> None:
    """Scenario 5, with every kind of work in the plan: new, changed, price only, gone, hopeless."""
    stage = sqlite_stage
    stage.shop.add(range(1, 11))

    limited = stage.installation.sync("--limit", "7", "--chunk", "3")

    assert limited.code == 1, limited.err
    assert (limited.products["embedded"], limited.products["pending"]) == (7, 3)
    assert stage.service.stats().items == len(stage.points.ids()) == 7

    stage.shop.edit([1], title="Changed")
    stage.shop.edit([2], price="1.00")
    stage.shop.delete([3])
    stage.shop.edit([9], title="", description="", image_url=None)
    stage.forget()
    before = stage.points.all()
    dry = stage.installation.sync("--dry-run")

    assert dry.code == 0, dry.err
    assert dry.json["outcome"] == "planned"
    assert stage.service.stats().requests == 0
    assert stage.writes == {}
    assert stage.points.all() == before

    real = stage.installation.sync()

    assert real.code == 1, real.err
    assert _counts(real) == _counts(dry)
    assert [real.products[name] for name in ("embedded", "payload_updated", "deleted", "failed")] == [
        3,
        1,
        1,
        1,
    ]

    stage.forget()
    before = stage.points.all(vectors=True)
    forced = stage.installation.sync("--force")

    assert (forced.products["embedded"], forced.products["unchanged"]) == (8, 0)
    assert forced.products["failed"] == 1
    assert stage.service.stats().embeds == {str(number): 1 for number in (1, 2, 4, 5, 6, 7, 8, 10)}
    assert stage.points.all(vectors=True) == before


def test_a_dry_run_on_nothing_leaves_nothing_and_force_can_be_limited(sqlite_stage: Stage) -> None:
    """Scenario 5: not even a ledger comes of a dry run; `--force --limit` is exact too."""
    stage = sqlite_stage
    stage.shop.add(range(1, 8))

    dry = stage.installation.sync("--dry-run", "--limit", "4")

    assert dry.code == 0, dry.err
    assert (dry.products["embedded"], dry.products["pending"]) == (4, 3)
    assert all(request.startswith("GET ") for request in stage.qdrant.requests())
    assert not list(stage.installation.folder.rglob("*ledger*"))
    assert set(inspect(stage.shop.database.engine).get_table_names()) == {"categories", "products"}

    assert stage.installation.sync().products["embedded"] == 7
    stage.forget()
    planned = stage.installation.sync("--dry-run", "--force", "--limit", "2")
    assert stage.service.stats().requests == 0
    forced = stage.installation.sync("--force", "--limit", "2")

    assert forced.code == 0, forced.err
    assert _counts(planned) == _counts(forced)
    assert (forced.products["embedded"], forced.products["unchanged"]) == (2, 5)
    assert stage.service.stats().items == 2


# On SQLite alone. Many claims at once on every database: crash/test_four_processes.py.
def test_chunk_sizes_and_workers_make_no_difference(sqlite_stage: Stage) -> None:
    """Scenario 4: chunks of 1, N and N+1 items, and 1 and 16 workers, fill a collection in the same way."""
    stage = sqlite_stage
    stage.shop.add(range(1, 14))
    settings = stage.installation.settings
    settings["embedders"]["ml"]["batch_size"] = 100
    template = settings["pipelines"].pop("products")
    shapes = {"ones": (1, 16), "odd": (5, 3), "all": (13, 1), "more": (14, 16)}
    for name, (chunk, workers) in shapes.items():
        pipeline = deepcopy(template) | {"chunk_size": chunk, "workers": workers}
        pipeline["collection"]["name"] = f"{template['collection']['name']}-{name}"
        settings["pipelines"][name] = pipeline

    ended = stage.installation.sync()

    assert ended.code == 0, ended.err
    reports = ended.json["pipelines"]
    requests = {name: report["embed_requests"] for name, report in reports.items()}
    assert requests == {"ones": 13, "odd": 3, "all": 1, "more": 1}
    results = []
    for name in shapes:
        assert (reports[name]["embedded"], reports[name]["pending"]) == (13, 0)
        points = Points(stage.qdrant.url, f"{stage.points.collection}-{name}").all(vectors=True)
        assert {point["payload"]["_embedconsole"].pop("pipeline") for point in points.values()} == {name}
        results.append(points)
    assert results[0].keys() == set(range(1, 14))
    assert all(result == results[0] for result in results)


def test_batch_size_chunk_and_workers_win_over_the_configuration(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.installation.settings["workers"] = 1
    stage.shop.add(range(1, 11))

    assert stage.installation.sync("--batch-size", "3").products["embedded"] == 10

    assert sorted(len(body["items"]) for body in stage.service.stats().bodies) == [1, 3, 3, 3]  # type: ignore[arg-type]
    stage.forget()
    stage.service.behave(Behaviour("hold"))
    with stage.installation.running(*_ONCE, "--force", "--chunk", "2", "--workers", "3") as running:
        stage.service.wait_held(3)
        stage.service.release()
        assert running.ended().code == 0
    stats = stage.service.stats()
    assert [len(body["items"]) for body in stats.bodies] == [2] * 5  # type: ignore[arg-type]
    assert stats.in_flight_max == 3


def test_only_the_pipelines_that_are_named(sqlite_stage: Stage) -> None:
    """An unknown one is a usage error that names the known ones, and nothing is done."""
    stage = sqlite_stage
    stage.shop.add([1, 2])
    pipelines = stage.installation.settings["pipelines"]
    for name in ("second", "third"):
        pipelines[name] = deepcopy(pipelines["products"])
        pipelines[name]["collection"]["name"] += f"-{name}"

    unknown = stage.installation.sync("--pipeline", "product")

    assert unknown.code == 2
    assert unknown.out == ""
    assert "no pipeline 'product'; did you mean 'products'?" in unknown.err
    assert stage.service.stats().requests == 0

    named = stage.installation.sync("--pipeline", "third", "--pipeline", "products")

    assert named.code == 0, named.err
    assert set(named.json["pipelines"]) == {"products", "third"}
    assert stage.points.ids() == {1, 2}
    assert Points(stage.qdrant.url, f"{stage.points.collection}-second").ids() == set()


def test_a_limit_counts_only_what_was_worked_on(sqlite_stage: Stage) -> None:
    """Items of a service that is away are not done: a job whose limit they used up would end with 0."""
    stage = sqlite_stage
    stage.shop.add(range(1, 6))
    stage.installation.settings["embedders"]["ml"]["url"] = "http://127.0.0.1:9/embed"

    ended = stage.installation.sync("--limit", "3")

    assert ended.code == 3, ended.out
    assert "can't be reached: Connection refused; nothing is lost" in ended.err
    assert (ended.products["pending"], ended.products["failed"]) == (5, 0)
