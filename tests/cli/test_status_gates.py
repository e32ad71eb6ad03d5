"""What `status` says of dependencies that all processes wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.state import GateMark

if TYPE_CHECKING:
    from support.fixtures_shop import Stage


def test_status_says_what_is_waited_for_since_when_and_until_when(sqlite_stage: Stage) -> None:
    installation = sqlite_stage.installation
    sqlite_stage.shop.add([1])
    assert installation.sync().code == 0
    assert installation.run("status", "--json").json["waiting_for"] == []
    with open_ledger(f"sqlite:///{installation.folder / 'state' / 'ledger.db'}") as ledger:
        fault = "embedding service ml: answered 500"
        ledger.gates.shut("k", "embedder ml", GateMark.OPEN, wait=90, failures=4, fault=fault)

    (waiting,) = installation.run("status", "--json").json["waiting_for"]
    assert (waiting["dependency"], waiting["state"], waiting["cause"]) == (
        "embedder ml",
        "breaker open",
        fault,
    )
    assert 60 < waiting["again_in_seconds"] <= 90
    (line,) = [line for line in installation.run("status").out.splitlines() if "embedder ml" in line]
    assert line.startswith("embedder ml: breaker open for ")
    assert ", retrying in 1 m 2" in line or ", retrying in 1 m 3" in line
    assert line.endswith(fault)
