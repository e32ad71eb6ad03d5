"""Retry delays, kept vectors as bytes, stages, rates, reports and names in the log."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedconsole.sync.content.vector_space import space_of
from embedconsole.sync.content.vectors import pack, unpack
from embedconsole.sync.observe.snapshot import RateMeter
from embedconsole.sync.shared.journal import Journal, product_column
from embedconsole.sync.shared.report import Outcome, PipelineReport, Progress, RunReport
from embedconsole.sync.worker.steps import Stages
from sync.makers import make_row

FLOATS = st.floats(width=32, allow_nan=False)
VECTORS = st.dictionaries(st.text(max_size=20), st.lists(FLOATS, max_size=20), max_size=3)


@given(VECTORS)
def test_packed_vectors_come_back_to_the_bit(vectors: dict[str, list[float]]) -> None:
    arrays = {name: np.array(values, dtype=np.float32) for name, values in vectors.items()}

    unpacked = unpack(pack(arrays))

    assert list(unpacked) == list(arrays)
    for name, array in arrays.items():
        assert unpacked[name].dtype == np.float32
        assert unpacked[name].tobytes() == array.tobytes()
        unpacked[name] += 1  # ours to change


def test_a_stage_that_is_entered_again_goes_on() -> None:
    now, entered = 0.0, list[str]()
    stages = Stages(entered.append, clock=lambda: now)
    for stage, seconds in (("write", 1.0), ("embed", 4.0), ("write", 2.0)):
        stages.enter(stage)
        now += seconds
    stages.end()
    now += 100.0
    stages.end()

    assert entered == ["write", "embed", "write"]
    assert stages.seconds == {"write": 3.0, "embed": 4.0}


def test_packed_vectors_are_little_endian_whatever_they_were() -> None:
    packed = pack({"t": np.array([1.0, -2.0], dtype=">f4")})

    assert packed == b"\x01\x00\x02\x00\x00\x00t\x00\x00\x80\x3f\x00\x00\x00\xc0"


def test_the_rate_is_that_of_the_window() -> None:
    meter = RateMeter(window=10.0)

    assert meter.add(0.0, 0) is None
    assert meter.add(0.5, 50) is None, "too little to go by"
    assert meter.add(2.0, 100) == 50.0
    assert meter.add(12.0, 200) == 10.0
    assert meter.add(13.0, 200) is None, "nothing was done lately"


def test_the_rate_starts_afresh_with_a_new_run() -> None:
    meter = RateMeter()
    meter.add(0.0, 0)
    assert meter.add(10.0, 1000) == 100.0

    assert meter.add(11.0, 0) is None
    assert meter.add(21.0, 50) == 5.0


def test_a_space_is_the_same_in_whatever_order_it_is_told() -> None:
    assert space_of({"b": "m2", "a": "m1"}) == space_of({"a": "m1", "b": "m2"}) == '{"a":"m1","b":"m2"}'


def test_progress_counts_what_is_done_with() -> None:
    progress = Progress(waiting=5, planned=3, embedded=1, payload_updated=2, deleted=3, newly_failed=1)

    assert (progress.found, progress.done) == (8, 7)


@pytest.mark.parametrize(
    ("outcomes", "worst"),
    [
        ([], Outcome.OK),
        ([Outcome.OK, Outcome.OK], Outcome.OK),
        ([Outcome.OK, Outcome.PARTIAL], Outcome.PARTIAL),
        ([Outcome.PARTIAL, Outcome.ABORTED], Outcome.ABORTED),
        ([Outcome.ABORTED, Outcome.INTERRUPTED], Outcome.INTERRUPTED),
        ([Outcome.PLANNED, Outcome.PLANNED], Outcome.PLANNED),
        ([Outcome.SKIPPED, Outcome.OK], Outcome.SKIPPED),
    ],
)
def test_a_run_ends_as_its_worst_pipeline(outcomes: list[Outcome], worst: Outcome) -> None:
    report = RunReport(1, {str(n): PipelineReport(outcome=outcome) for n, outcome in enumerate(outcomes)})

    assert report.outcome is worst


@pytest.mark.parametrize(
    ("configured", "columns", "key", "expected"),
    [
        (None, ["id", "product_id"], "id", "product_id"),
        (None, ["product_id", "title"], "product_id", None),
        (None, ["id", "title"], "id", None),
        ("sku", ["id", "sku", "product_id"], "id", "sku"),
    ],
)
def test_the_column_with_an_items_product(
    configured: str | None, columns: list[str], key: str, expected: str | None
) -> None:
    assert product_column(configured, columns, key) == expected


def test_how_the_log_names_an_item() -> None:
    assert Journal("products", None).name("34", make_row("34")) == "#34"
    assert Journal("pictures", "stock").name("34", make_row("34", stock=12)) == "#34 (product #12)"
    assert Journal("pictures", "stock").name("34", None) == "#34", "its row is gone"
