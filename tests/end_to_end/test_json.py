"""The report of `--headless --once --json`, and the exit codes 0, 1, 2 and 3 (4: see test_in_flight.py)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from support.embedding_service import Behaviour

if TYPE_CHECKING:
    from support.fixtures_shop import Stage
    from support.installation import Ended

_KEYS = [
    "scanned", "embedded", "payload_updated", "deleted", "unchanged", "retrying", "failed", "pending",
    "embed_requests", "embed_items", "seconds",
]  # fmt: skip


def _check_shape(ended: Ended, *, messages: bool = False) -> None:
    """stdout is one JSON document with exactly the keys of DESIGN section 6, in their order."""
    document = json.loads(ended.out)
    assert ended.out.count("\n") == 1
    assert list(document) == ["outcome", "run", "pipelines", *(["messages"] if messages else [])]
    assert list(document["pipelines"]) == ["products"]
    report = document["pipelines"]["products"]
    assert list(report) == _KEYS
    assert {type(report[name]) for name in _KEYS[:-1]} == {int}
    assert type(report["seconds"]) is float


def test_the_report_and_the_exit_code_of_each_outcome(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.shop.add(range(1, 6))

    planned = stage.installation.sync("--dry-run")
    _check_shape(planned)
    assert (planned.code, planned.json["outcome"], planned.json["run"]) == (0, "planned", None)

    in_sync = stage.installation.sync()
    _check_shape(in_sync)
    assert (in_sync.code, in_sync.json["outcome"], in_sync.json["run"]) == (0, "ok", 1)
    assert in_sync.err == ""
    counts = in_sync.products | {"seconds": 0.0}
    done = {"scanned": 5, "embedded": 5, "embed_requests": 1, "embed_items": 5}
    assert counts == dict.fromkeys(_KEYS, 0) | done | {"seconds": 0.0}

    stage.service.behave(Behaviour("status", mark="poison", status=422))
    stage.shop.edit([3], title="poison")
    partial = stage.installation.sync()
    _check_shape(partial)
    assert (partial.code, partial.json["outcome"], partial.json["run"]) == (1, "partial", 2)
    assert "1 item failed: embedconsole failures" in partial.err

    stage.shop.edit([4], title="Waits for its service")
    stage.installation.settings["embedders"]["ml"]["url"] = "http://127.0.0.1:9/embed"
    aborted = stage.installation.sync()
    _check_shape(aborted, messages=True)
    assert (aborted.code, aborted.json["outcome"], aborted.json["run"]) == (3, "aborted", 3)
    assert (aborted.products["failed"], aborted.products["pending"]) == (1, 1)
    assert "can't be reached" in aborted.json["messages"]["products"]
    assert aborted.json["messages"]["products"] in aborted.err


def test_usage_and_configuration_errors_end_with_2(sqlite_stage: Stage) -> None:
    """They say what is wrong where on stderr, and nothing on stdout."""
    stage = sqlite_stage
    for arguments, told in (
        (("--headless", "--force"), "--force is for one run: embedconsole run --force"),
        (("--headless", "--once", "--limit", "0"), "0 is not in the range"),
    ):
        wrong = stage.installation.run(*arguments)
        assert (wrong.code, wrong.out) == (2, "")
        assert told in wrong.err

    stage.pipeline["embed"]["text"] = "{titel}"
    unknown_column = stage.installation.sync()
    assert (unknown_column.code, unknown_column.out) == (2, "")
    assert "pipelines.products.embed.text: the query has no column 'titel'" in unknown_column.err

    stage.pipeline["collektion"] = {}
    typo = stage.installation.sync()
    assert (typo.code, typo.out) == (2, "")
    assert f"{stage.installation.config}:" in typo.err
    assert "collektion" in typo.err
    assert "Traceback" not in typo.err
    assert stage.service.stats().requests == 0
    assert stage.qdrant.requests() == {}
