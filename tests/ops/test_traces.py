"""Traces: a run, its batches and their stages, and nothing where nobody asks."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from embedconsole import telemetry as spans
from embedconsole.ops.traces import tracing
from embedconsole.sync.daemon.engine_thread import engine_in_thread
from embedconsole.sync.run import components as components
from embedconsole.sync.shared.options import RunOptions
from support.shop import QUERY, Shop
from sync.makers import make_pipeline
from sync.rig import HeldEmbedder, MemoryCollection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opentelemetry.sdk.trace import ReadableSpan

    from support.databases import Database


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    """Where the spans of this process go."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    spans.trace_with(provider.get_tracer("test"))
    yield exporter
    spans.trace_with(None)
    provider.shutdown()


def under(parent: ReadableSpan, among: list[ReadableSpan]) -> list[ReadableSpan]:
    return [one for one in among if one.parent is not None and one.parent.span_id == parent.context.span_id]


def test_a_run_is_a_trace_of_its_batches_and_their_stages(
    sqlite: Database, tmp_path: Path, exporter: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = Shop(sqlite)
    shop.create()
    shop.add(range(1, 5))
    pipeline = make_pipeline(
        catalog={"url": sqlite.url, "query": QUERY, "key": "id"},
        embed={"embedder": "ml", "text": "{title}"},
        collection={"path": str(tmp_path / "qdrant"), "name": "products", "payload": {"title": "title"}},
        chunk_size=2,
    )
    embedder = HeldEmbedder()
    embedder.go.set()
    monkeypatch.setattr("embedconsole.embedders.pool.build_embedder", lambda name, config, **_: embedder)
    monkeypatch.setattr(components, "build_itself", lambda config, name: MemoryCollection())
    with engine_in_thread([pipeline], f"sqlite:///{tmp_path / 'ledger.db'}") as handle:
        report = handle.run(RunOptions()).result(60)

    ended = list(exporter.get_finished_spans())
    (run,) = [one for one in ended if one.name == "run"]
    assert run.attributes == {"run": report.run, "kind": "sync"}
    batches = under(run, ended)
    assert [dict(one.attributes or {}) for one in sorted(batches, key=lambda one: one.start_time or 0)] == [
        {"batch": number, "pipeline": "products", "work": "embed", "items": 2} for number in (1, 2)
    ]
    for batch in batches:
        stages = under(batch, ended)
        # The first that has something to write looks at the collection.
        names = [stage.name for stage in stages if stage.name != "check"]
        assert names == ["read", "wait", "embed", "write", "finish"]
        assert (batch.start_time or 0) <= (stages[0].start_time or 0) + 1_000_000
        for stage in stages:
            assert (stage.start_time or 0) <= (stage.end_time or 0) <= (batch.end_time or 0)


def no_words(text: str) -> None:
    pytest.fail(text)


def test_where_nobody_traces_there_are_no_spans() -> None:
    with tracing(no_words, {"OTEL_SERVICE_NAME": "shop"}):
        assert spans._tracer is None
        with spans.span("run", run=1):
            spans.passed("embed", 1.0)


def test_an_endpoint_without_the_extra_is_said_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with tracing(said.append, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}):
        assert spans._tracer is None

    assert "pip install '.[otel]' in a checkout" in "".join(said)
