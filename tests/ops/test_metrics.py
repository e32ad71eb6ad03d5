"""What Prometheus is shown, by scrape and by file."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from embedconsole import __version__
from embedconsole.ops.metrics import exposed, figures, read_figures, write_figures
from ops.scenes import facts, values, with_work

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = 'a "quoted"\\ name\nwith {braces="1"} é\u202e # HELP'


def parsed(text: bytes) -> dict[tuple[str, ...], float]:
    return values(list(text_string_to_metric_families(text.decode())))


def test_everything_that_is_shown() -> None:
    shown = values(list(figures(facts())))

    assert shown[("embedconsole_build_info", __version__)] == 1
    assert {key[2]: value for key, value in shown.items() if key[0] == "embedconsole_items"} == {
        "synced": 1000,
        "pending": 10,
        "in_flight": 30,
        "retrying": 20,
        "failed": 3,
        "skipped": 2,
    }
    one = {
        name: shown[(f"embedconsole_{name}", "products")]
        for name in (
            "oldest_pending_seconds",
            "batches_in_flight",
            "run_seconds",
            "last_run_timestamp_seconds",
            "last_success_timestamp_seconds",
            "items_embedded_total",
            "items_payload_updated_total",
            "items_deleted_total",
            "items_failed_total",
            "embed_requests_total",
            "embed_items_total",
            "cost_total",
            "workers",
        )
    }
    assert one == {
        "oldest_pending_seconds": 12.5,
        "batches_in_flight": 1,
        "run_seconds": 4.25,
        "last_run_timestamp_seconds": 1_700_000_050,
        "last_success_timestamp_seconds": 1_700_000_000,
        "items_embedded_total": 90,
        "items_payload_updated_total": 5,
        "items_deleted_total": 4,
        "items_failed_total": 3,
        "embed_requests_total": 12,
        "embed_items_total": 93,
        "cost_total": 1.5,
        "workers": 8,
    }
    assert shown[("embedconsole_runs_total", "ok", "products")] == 2
    assert shown[("embedconsole_processes",)] == 1, "the silent one is not counted"
    breakers = {key[1]: value for key, value in shown.items() if key[0] == "embedconsole_breaker_open"}
    assert breakers == {"catalog": 0, "collection products": 0, "embedder ml": 1, "ledger": 0}
    assert shown[("embedconsole_throttled", "collection products")] == 1
    states = {key[1]: value for key, value in shown.items() if key[0] == "embedconsole_engine_state"}
    assert states["running"] == sum(states.values()) == 1


def test_names_follow_the_conventions() -> None:
    for family in figures(facts()):
        assert re.fullmatch(r"embedconsole_[a-z_]+[a-z]", family.name)
        assert family.documentation.endswith(".")
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter")
    text = exposed(figures(facts())).decode()
    for line in text.splitlines():
        assert line.startswith(("# HELP ", "# TYPE ", "embedconsole_"))
    assert text.count("# TYPE embedconsole_items gauge") == 1


def test_without_a_ledger_and_an_engine_there_is_little_to_show() -> None:
    nothing = replace(facts(), snapshot=None, observed=None, ledger_up=False, runs={})

    names = {family.name for family in figures(nothing)}

    assert names == {"embedconsole_build_info", "embedconsole_ledger_up", "embedconsole_runs"}


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1) | st.just(HOSTILE))
def test_a_hostile_name_is_a_label_and_nothing_else(name: str) -> None:
    shown = parsed(exposed(figures(facts(name))))

    assert shown[("embedconsole_items_embedded_total", name)] == 90
    assert len(shown) == len(values(list(figures(facts()))))


# The file that runs of cron leave behind


def test_counters_go_on_from_run_to_run_and_the_rest_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "embedconsole.prom"
    for embedded in (90, 10, 0):
        write_figures(file, figures(with_work(facts(lives=False), embedded=embedded)), keep=False)

    shown = parsed(file.read_bytes())

    assert shown[("embedconsole_items_embedded_total", "products")] == 100
    assert shown[("embedconsole_runs_total", "ok", "products")] == 6
    assert shown[("embedconsole_items", "products", "synced")] == 1000
    assert ("embedconsole_workers", "products") not in shown, "nobody works any more"


def test_counters_of_other_pipelines_stay(tmp_path: Path) -> None:
    file = tmp_path / "embedconsole.prom"
    for name in ("products", HOSTILE):
        write_figures(file, figures(facts(name)), keep=False)

    shown = parsed(file.read_bytes())

    assert shown[("embedconsole_items_embedded_total", "products")] == 90
    assert ("embedconsole_items", "products", "synced") not in shown, "it may be there no more"


def test_while_the_ledger_is_away_what_it_said_last_stays(tmp_path: Path) -> None:
    file = tmp_path / "embedconsole.prom"
    write_figures(file, figures(facts(lives=False)), keep=False)
    before = parsed(file.read_bytes())
    away = replace(facts(lives=False), observed=None, ledger_up=False, runs={}, snapshot=None)

    write_figures(file, figures(away), keep=True)

    shown = parsed(file.read_bytes())
    assert set(shown) == set(before)
    assert shown[("embedconsole_ledger_up",)] == 0
    assert shown[("embedconsole_last_success_timestamp_seconds", "products")] == 1_700_000_000
    assert shown[("embedconsole_items_embedded_total", "products")] == 90


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"embedconsole_items{ 1", b"# HELP\n\n\nx 1 2 3 4 5"]
)
def test_a_file_that_nobody_understands_is_written_anew(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "embedconsole.prom"
    file.write_bytes(content)

    write_figures(file, figures(facts()), keep=True)

    assert parsed(file.read_bytes())[("embedconsole_items_embedded_total", "products")] == 90


def test_the_file_is_replaced_in_one_step_and_readable_for_the_exporter(tmp_path: Path) -> None:
    file = tmp_path / "embedconsole.prom"
    write_figures(file, figures(facts()), keep=False)
    with file.open("rb") as reader:
        before = reader.read()
        write_figures(file, figures(with_work(facts(), embedded=1)), keep=False)
        reader.seek(0)
        assert reader.read() == before, "who was reading it reads the old one to its end"

    assert list(tmp_path.iterdir()) == [file]
    assert file.stat().st_mode & 0o044 == 0o044 & ~_umask()


def test_no_file_means_nothing_known(tmp_path: Path) -> None:
    assert read_figures(tmp_path / "none.prom") == []


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
