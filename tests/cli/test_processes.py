"""What `status` says of the processes that share the ledger, on whatever host."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crash.converged import on_servers
from embedconsole import __version__
from embedconsole.cli.commands.status import print_processes, process_json
from embedconsole.ledger.records.processes import Process
from embedconsole.sync.observe.other_processes import SILENT
from embedconsole.sync.observe.process_status import ProcessStatus
from support.embedding_service import Behaviour
from support.processes import running, wait_until

if TYPE_CHECKING:
    import pytest

    from support.fixtures_shop import Stage
    from support.installation import Json


def worker(host: str, pid: int, *, silent_for: float = 1.0, version: str = "0.1.0") -> Process:
    status = ProcessStatus(state="running", rate=120.0, run=7).as_json()
    return Process(f"{host}:{pid}:a", host, host, pid, version, silent_for, role="daemon", status=status)


def test_a_line_each_and_what_they_do_together(capsys: pytest.CaptureFixture[str]) -> None:
    print_processes([worker("web-1", 11), worker("web-2", 12, version="0.2.0")])
    head, *lines, together = capsys.readouterr().out.splitlines()
    assert head.split() == ["process", "host", "pid", "version", "state", "rate", "heard", "of"]
    assert [line.split()[:6] for line in lines] == [
        ["daemon", "web-1", "11", "0.1.0", "running", "120/s"],
        ["daemon", "web-2", "12", "0.2.0", "running", "120/s"],
    ]
    assert together == "2 processes on 2 hosts, together 240/s; versions 0.1.0, 0.2.0"


def test_one_that_went_down_with_its_host_is_not_believed(capsys: pytest.CaptureFixture[str]) -> None:
    gone = worker("web-2", 12, silent_for=SILENT + 30)
    print_processes([worker("web-1", 11), gone])
    line, together = capsys.readouterr().out.splitlines()[2:]
    assert line.split()[4] == "silent"
    assert line.endswith("1 m 30 s ago")
    assert together == "2 processes on 2 hosts, together 120/s"
    assert (process_json(gone)["state"], process_json(gone)["rate"]) == ("silent", None)


@on_servers
def test_daemons_on_one_ledger_each_show_with_host_version_rate_and_heartbeat(stage: Stage) -> None:
    stage.shop.add(range(1, 2001))
    # There is work for as long as one looks.
    stage.service.behave(Behaviour("stall", seconds=0.5))
    with running(stage.installation, "--headless"), running(stage.installation, "--headless"):
        seen: list[Json] = []

        def both_at_it() -> bool:
            ended = stage.installation.run("status", "--json")
            seen[:] = json.loads(ended.out)["processes"] if ended.code == 0 else []
            return [bool(one["rate"]) for one in seen] == [True, True]

        wait_until(both_at_it, "both are at work and tell their rates")
        assert len({one["pid"] for one in seen}) == 2
        for one in seen:
            assert (one["role"], one["version"]) == ("daemon", __version__)
            assert one["host"]
            assert one["heard_of"] < SILENT
            assert one["state"] in ("planning", "running")
