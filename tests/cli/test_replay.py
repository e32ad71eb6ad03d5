"""`embedconsole replay`, and the moments it takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from embedconsole.cli.commands.replay import parse_moment
from embedconsole.cli.main import cli
from embedconsole.faults import ConfigError
from embedconsole.ledger.ledger import open_ledger
from support import recorded

if TYPE_CHECKING:
    from pathlib import Path

NIGHT = datetime(2026, 1, 1, 2, 14, 30, tzinfo=UTC).timestamp()

CONFIGURATION = """\
ledger: sqlite:///{folder}/ledger.db
embedders:
  ml: {{type: hashing}}
pipelines:
  products: &products
    catalog: {{url: "sqlite:///shop.db", table: products}}
    embed: {{embedder: ml, text: "{{title}}"}}
    collection: {{path: ./qdrant, name: products}}
  pictures:
    <<: *products
    collection: {{path: ./qdrant, name: pictures}}
"""

NOW = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
"""Where clocks went from 2 to 3 that night."""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose ledger does not exist yet."""
    path = tmp_path / "embedconsole.yaml"
    path.write_text(CONFIGURATION.format(folder=tmp_path.as_posix()), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2h ago", "2026-03-29T10:00Z"),
        ("90 min ago", "2026-03-29T10:30Z"),
        ("1d 2 hours 5s ago", "2026-03-28T09:59:55Z"),
        ("1.5 Hours ago", "2026-03-29T10:30Z"),
        ("12h ago", "2026-03-29T00:00Z"),
        ("13:59", "2026-03-29T11:59Z"),
        ("14:01", "2026-03-28T13:01Z"),
        ("02:14:30", "2026-03-29T01:14:30Z"),
        ("today 8:00", "2026-03-29T06:00Z"),
        ("Yesterday 22:00", "2026-03-28T21:00Z"),
        ("2026-01-01 02:14", "2026-01-01T01:14Z"),
        ("2026-01-01T02:14:30Z", "2026-01-01T02:14:30Z"),
        ("2026-01-01T02:14:30+05:30", "2025-12-31T20:44:30Z"),
    ],
)
def test_a_moment_is_read_as_people_write_it(text: str, moment: str) -> None:
    assert parse_moment(f" {text} ", NOW, BERLIN) == datetime.fromisoformat(moment).timestamp()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ago",
        "soon",
        "2h",
        "h ago",
        "2 weeks ago",
        "2h 3 ago",
        "25:00",
        "9999999999d ago",
        "tomorrow",
    ],
)
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match='is not a moment; write for example "2h ago", "02:14"'):
        parse_moment(text, NOW, BERLIN)


@pytest.mark.parametrize("text", ["today 23:00", "2027-01-01", "2026-03-29T12:00:01Z"])
def test_the_future_is_no_past(text: str) -> None:
    with pytest.raises(ValueError, match="is in the future"):
        parse_moment(text, NOW, BERLIN)


def test_the_machine_tells_the_zone_where_nobody_does() -> None:
    here = datetime(2026, 1, 1, 2, 14).astimezone()
    assert parse_moment("2026-01-01 02:14", NOW) == here.timestamp()
    now = NOW.astimezone(timezone(timedelta(hours=-7)))
    assert parse_moment("2h ago", now) == NOW.timestamp() - 7200


def test_the_past_is_printed_for_programs(config: Path, tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path.as_posix()}/ledger.db") as ledger:
        told = {"state": "running", "counts": {"pending": 5}, "rate": 2.5, "paused_since": NIGHT - 60}
        recorded.picture(ledger, NIGHT, told)
        recorded.event(ledger, NIGHT - 1, "refused \x1b]52;c;x\x07")
        recorded.event(ledger, NIGHT + 1, "later")
        recorded.run(ledger, NIGHT - 60, NIGHT + 60)

    asked = ["replay", "--from", "2026-01-01T05:00Z", "--json"]
    done = CliRunner().invoke(cli, ["--config", str(config), *asked])

    assert done.exit_code == 0, done.output
    past = json.loads(done.stdout)
    assert (past["at"], past["asked"]) == ("2026-01-01T02:14:30Z", "2026-01-01T05:00:00Z")
    assert past["paused"] == {"since": "2026-01-01T02:13:30Z", "by": ""}
    products = past["pipelines"]["products"]
    assert (products["state"], products["counts"]["pending"], products["rate"]) == ("running", 5, 2.5)
    assert (products["progress"], products["collection"], products["in_flight"]) == (None, None, [])
    pictures = past["pipelines"]["pictures"]
    assert (pictures["state"], pictures["counts"], pictures["batches"]) == (None, None, None)
    assert [(event["at"], event["level"]) for event in past["events"]] == [("2026-01-01T02:14:29Z", "error")]
    assert [(run["began"], run["ended"]) for run in past["runs"]] == [("2026-01-01T02:13:30Z", None)]


def test_where_nothing_is_recorded_it_is_an_error(config: Path) -> None:
    done = CliRunner().invoke(cli, ["--config", str(config), "replay", "--from", "2h ago", "--json"])
    assert isinstance(done.exception, ConfigError)
    assert "nothing is recorded yet" in str(done.exception)


def test_without_a_terminal_it_names_the_way_for_programs(config: Path) -> None:
    done = CliRunner().invoke(cli, ["--config", str(config), "replay", "--from", "2h ago"])
    assert done.exit_code == 2
    assert "add --json" in done.stderr

    wrong = CliRunner().invoke(cli, ["--config", str(config), "replay", "--from", "soon"])
    assert wrong.exit_code == 2
    assert '"yesterday 22:00"' in wrong.stderr
