"""The dashboard and the alerts ask for what there is, and the page tells of all of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from embedconsole.ops.metrics import figures
from embedconsole.sync.observe.snapshot import EngineState
from embedconsole.sync.shared.report import Outcome
from ops.scenes import facts

if TYPE_CHECKING:
    from collections.abc import Iterable

DOCS = Path(__file__).parents[2] / "docs"
_METRIC = re.compile(r"\bembedconsole_[a-z_]+\b")
_LABELS = re.compile(r"\b([a-z_]+)(?:=~?|!=)\"([^\"]*)\"")
_BY = re.compile(r"\bby \(([a-z_, ]+)\)")


def samples() -> dict[str, set[str]]:
    """The names of all samples and the labels they have."""
    return {sample.name: set(sample.labels) for family in figures(facts()) for sample in family.samples}


def expressions() -> list[str]:
    """All that the dashboard and the alerts ask Prometheus."""
    dashboard = json.loads((DOCS / "monitoring" / "dashboard.json").read_text(encoding="utf-8"))
    alerts = yaml.safe_load((DOCS / "monitoring" / "alerts.yaml").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [one["definition"] for one in dashboard["templating"]["list"] if "definition" in one]
    return asked + [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]


def metrics_in(texts: Iterable[str]) -> set[str]:
    return {name for text in texts for name in _METRIC.findall(text)}


def test_dashboard_and_alerts_name_what_the_program_shows() -> None:
    asked = metrics_in(expressions())

    assert asked - set(samples()) == set()
    unwatched = set(samples()) - asked
    assert unwatched == set(), "of no use to anybody?"


def test_they_ask_for_labels_and_values_that_there_are() -> None:
    known = samples()
    states = {"synced", "pending", "in_flight", "retrying", "failed", "skipped"}
    for asked in expressions():
        labels = set().union(*(known[name] for name in _METRIC.findall(asked)))
        for label, value in _LABELS.findall(asked):
            assert label in labels, asked
            assert label != "state" or value in states | set(EngineState), asked
            assert label != "outcome" or value in set(Outcome), asked
        for group in _BY.findall(asked):
            assert set(group.split(", ")) <= labels, asked


def test_every_alert_says_what_to_do() -> None:
    alerts = yaml.safe_load((DOCS / "monitoring" / "alerts.yaml").read_text(encoding="utf-8"))
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]

    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description"}


def test_the_page_tells_of_every_metric_and_of_no_other() -> None:
    page = (DOCS / "monitoring.md").read_text(encoding="utf-8")

    assert metrics_in([page]) == set(samples())
