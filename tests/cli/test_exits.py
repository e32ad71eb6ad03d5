"""Exit codes, the JSON report, and what people read instead of it."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import click
import pytest

from embedconsole.cli.exits import SENTENCES, Exit, exit_of
from embedconsole.cli.invocation import open_session
from embedconsole.cli.main import cli, main
from embedconsole.cli.run_report import print_report
from embedconsole.config.load import Loaded, load
from embedconsole.sync.shared.report import Outcome, PipelineReport, RunReport

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.cli.invocation import Session

_CONFIG = """
embedders: {ml: {type: hashing}}
pipelines:
  products:
    catalog: {url: "sqlite:///shop.db", table: products}
    embed: {embedder: ml, text: "{title}"}
    collection: {path: ./qdrant, name: products}
log: {path: ./embedconsole.log}
"""


def report(*outcomes: Outcome, message: str | None = None) -> RunReport:
    pipelines = {
        f"p{number}": PipelineReport(outcome=outcome, message=message)
        for number, outcome in enumerate(outcomes)
    }
    return RunReport(7, pipelines)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    file = tmp_path / "embedconsole.yaml"
    file.write_text(_CONFIG, encoding="utf-8")
    loaded: Loaded = load(file)
    return open_session(loaded, [])


@pytest.mark.parametrize(
    ("outcome", "code"),
    [
        (Outcome.OK, 0),
        (Outcome.PLANNED, 0),
        (Outcome.PARTIAL, 1),
        (Outcome.ABORTED, 3),
        (Outcome.SKIPPED, 4),
        (Outcome.INTERRUPTED, 130),
    ],
)
def test_each_outcome_has_its_exit_code(outcome: Outcome, code: int) -> None:
    assert exit_of(report(outcome), None) == code


def test_every_outcome_and_every_code_is_told() -> None:
    assert {exit_of(report(outcome), None) for outcome in Outcome} <= set(Exit)
    assert set(SENTENCES) == set(Exit)
    assert [Exit.USAGE, Exit.HANGUP, Exit.INTERRUPT, Exit.TERMINATED] == [2, 129, 130, 143]


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_run_ends_by_its_signal(number: int, code: int) -> None:
    assert exit_of(report(Outcome.INTERRUPTED), number) == code


def test_a_signal_that_came_too_late_changes_nothing() -> None:
    assert exit_of(report(Outcome.OK), signal.SIGTERM) == 0
    assert exit_of(report(Outcome.ABORTED), signal.SIGTERM) == 3


def test_the_worst_pipeline_decides() -> None:
    assert exit_of(report(Outcome.OK, Outcome.PARTIAL), None) == 1
    assert exit_of(report(Outcome.PARTIAL, Outcome.ABORTED, Outcome.OK), None) == 3


def test_the_json_report_has_the_documented_shape(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    pipeline = PipelineReport(
        scanned=10, embedded=5, payload_updated=1, deleted=2, unchanged=2, retrying=1, failed=3, pending=4,
        embed_requests=6, embed_items=7, seconds=1.23456, outcome=Outcome.PARTIAL,
    )  # fmt: skip

    print_report(session, RunReport(7, {"products": pipeline}), as_json=True)

    captured = capsys.readouterr()
    (line,) = captured.out.splitlines()
    assert json.loads(line) == {
        "outcome": "partial",
        "run": 7,
        "pipelines": {
            "products": {
                "scanned": 10,
                "embedded": 5,
                "payload_updated": 1,
                "deleted": 2,
                "unchanged": 2,
                "retrying": 1,
                "failed": 3,
                "pending": 4,
                "embed_requests": 6,
                "embed_items": 7,
                "seconds": 1.235,
            }
        },
    }
    assert list(json.loads(line)["pipelines"]["products"])[-1] == "seconds", "in the documented order"
    assert "3 items failed" in captured.err


def test_what_stopped_a_run_is_in_the_json_and_on_stderr(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    print_report(session, report(Outcome.ABORTED, message="Qdrant: connection refused"), as_json=True)

    captured = capsys.readouterr()
    assert json.loads(captured.out)["messages"] == {"p0": "Qdrant: connection refused"}
    assert captured.err == "p0: Qdrant: connection refused\n"


def test_people_read_lines(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    done = PipelineReport(
        scanned=12_000, embedded=1_500, unchanged=10_500, embed_requests=15, embed_items=1_500, seconds=3.0
    )
    print_report(session, RunReport(7, {"products": done}), as_json=False)

    out, err = capsys.readouterr()
    assert out.splitlines()[:2] == ["products: in sync", "  scanned 12,000   unchanged 10,500"]
    assert "15 embed requests for 1,500 items in 3.0 s, 500 a second" in out
    assert err == ""


def test_what_a_limit_left_is_not_called_in_sync(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    print_report(
        session,
        RunReport(7, {"products": PipelineReport(embedded=1, pending=4_899, outcome=Outcome.PARTIAL)}),
        as_json=False,
    )

    assert capsys.readouterr().out.startswith("products: finished, not in sync: 4,899 pending\n")


def test_one_failed_item_needs_a_look(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    failed = PipelineReport(failed=1, outcome=Outcome.PARTIAL)
    print_report(session, RunReport(7, {"products": failed}), as_json=False)

    err = capsys.readouterr().err
    assert err.startswith("1 item failed: embedconsole failures (log: ")


def test_a_dry_run_says_what_would_be_done(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    planned = PipelineReport(embedded=3, deleted=1, failed=2, outcome=Outcome.PLANNED)
    print_report(session, RunReport(None, {"products": planned}), as_json=False)

    out, err = capsys.readouterr()
    assert "dry run, nothing was written" in out
    assert "to embed 3" in out
    assert "to delete 1" in out
    assert "second" not in out
    assert err == "", "nothing has failed yet"


def test_a_skipped_run_has_no_counts(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    print_report(session, report(Outcome.SKIPPED, message="host:1 is already running it"), as_json=False)

    out, err = capsys.readouterr()
    assert out == "p0: skipped\n"
    assert err == "p0: host:1 is already running it\n"


@pytest.mark.parametrize(("cause", "code"), [(KeyboardInterrupt(), 130), (None, 1)])
def test_an_interrupt_is_told_from_a_no(
    monkeypatch: pytest.MonkeyPatch, cause: BaseException | None, code: int
) -> None:
    def given_up(**_: object) -> None:
        raise click.Abort from cause

    monkeypatch.setattr(cli, "main", given_up)
    monkeypatch.setattr("embedconsole.cli.main.open_streams", lambda: None)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
