"""Bodies of the write path stay under the server's limit and lose nothing."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qdrant_client.models import UpdateOperations

from collection.samples import payload
from embedconsole.collection.qdrant.address import parse_address
from embedconsole.collection.qdrant.wire import update_bodies, upsert_bodies
from embedconsole.faults import ConfigError
from embedconsole.items import MARKER, UNNAMED, JsonObject, Points


@given(st.lists(st.integers(0, 3000), max_size=40), st.integers(300, 5000), st.booleans())
def test_upserts_are_split_by_what_they_weigh(weights: list[int], limit: int, named: bool) -> None:
    count = len(weights)
    rows = np.random.default_rng(count).standard_normal((count, 3)).astype(np.float32)
    names = ("text", "image") if named else (UNNAMED,)
    payloads: list[JsonObject] = [{"t": "x" * weight} for weight in weights]
    points = Points(list(range(count)), dict.fromkeys(names, rows), payloads)
    seen: list[object] = []
    for body in upsert_bodies(points, limit):
        batch = orjson.loads(body)["batch"]
        assert len(body) <= limit or len(batch["ids"]) == 1
        vectors = batch["vectors"]
        for name in names:
            column = vectors[name] if named else vectors
            assert np.array_equal(np.array(column, dtype=np.float32), rows[batch["ids"]])
        assert batch["payloads"] == [payloads[point] for point in batch["ids"]]
        seen += batch["ids"]
    assert seen == list(range(count))


@given(st.lists(st.integers(0, 3000), max_size=40), st.integers(1100, 5000), st.booleans())
def test_updates_are_split_by_what_they_weigh(weights: list[int], limit: int, vectors: bool) -> None:
    count = len(weights)
    rows = np.random.default_rng(count).standard_normal((count, 3)).astype(np.float32)
    payloads: list[JsonObject] = [
        {"t": "x" * weight, **payload(number)} for number, weight in enumerate(weights)
    ]
    points = Points(
        list(range(count)), {UNNAMED: rows} if vectors else {}, payloads, without_fields=["former"]
    )
    seen: dict[object, object] = {}
    written: dict[object, object] = {}
    for body in update_bodies(points, limit):
        removed, *operations = orjson.loads(body)["operations"]
        ids = removed["delete_payload"]["points"]
        assert len(body) <= limit or len(ids) == 1
        assert removed["delete_payload"]["keys"] == (["former", MARKER] if vectors else ["former"])
        if vectors:
            entries = operations.pop(0)["update_vectors"]["points"]
            written |= {entry["id"]: entry["vector"] for entry in entries}
        assert [operation["set_payload"]["points"] for operation in operations] == [[point] for point in ids]
        seen |= {op["set_payload"]["points"][0]: op["set_payload"]["payload"] for op in operations}
    assert seen == dict(enumerate(payloads))
    assert list(written) == (list(range(count)) if vectors else [])
    sent = np.array(list(written.values()), dtype=np.float32).reshape(len(written), 3)
    assert np.array_equal(sent, rows[: len(written)])


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://qdrant", "http://qdrant:6333"),
        ("https://qdrant.example:443/", "https://qdrant.example:443"),
        ("http://me:secret@qdrant:80/prefix/", "http://qdrant:80/prefix"),
        ("http://[::1]:6333", "http://[::1]:6333"),
    ],
)
def test_addresses(url: str, base: str) -> None:
    assert parse_address(url, None).base == base


@pytest.mark.parametrize("url", ["", "qdrant:6333", "ftp://qdrant", "http://", "http://host:port"])
def test_what_is_no_address_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError, match=r"collection\.url"):
        parse_address(url, None)


def test_an_update_is_made_of_operations_that_qdrant_knows() -> None:
    vectors = np.zeros((2, 3), dtype=np.float32)
    points = Points(
        [1, "0b9e1b4e-1c5d-4f0e-9b7a-0d8a3f6f1a11"],
        {"dense": vectors},
        [{"a": 1}, {"a": 2}],
        without_vectors=["image"],
        without_fields=["former"],
    )

    operations = [
        operation.model_dump(exclude_none=True)
        for body in update_bodies(points)
        for operation in UpdateOperations.model_validate_json(body).operations
    ]

    assert [next(iter(operation)) for operation in operations] == [
        "delete_payload",
        "delete_vectors",
        "update_vectors",
        "set_payload",
        "set_payload",
    ]
