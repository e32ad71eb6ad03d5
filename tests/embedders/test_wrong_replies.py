"""Replies that are wrong in every way: a fault, a rejection, or the right vector, and nothing else."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import anyio
import numpy as np
import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from embedconsole.embedders.transport import Service, decode, encode, reply_limit, value_at
from embedconsole.embedders.vectors import checked
from embedconsole.faults import BadInput, Fault, Refused, Transient

if TYPE_CHECKING:
    from anyio.abc import SocketStream

    from embedconsole.items import Embedded
    from embedders.backends import Backend
    from embedders.conftest import Make

SERVICE = Service("ml", "embedders.ml.headers")
GOOD = [[0.5, -0.25, 1.0], [0.0, 2.0, 1.0]]

numbers = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(10**40), 10**40)
components = numbers | st.none() | st.booleans() | st.text(max_size=3) | st.lists(numbers, max_size=2)
rows = st.lists(numbers, min_size=3, max_size=3) | st.lists(components, max_size=4) | components
json_values = st.recursive(components, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


def read(data: bytes, count: int) -> Embedded:
    """As the `items` shape reads a reply."""
    found = value_at(SERVICE, decode(SERVICE, data), "embeddings", remedy="check it")
    assert isinstance(found, list)
    return checked(SERVICE.source, found, count, 3)


def assert_true_to(result: Embedded, sent: list[object]) -> None:
    """Each accepted row holds, as float32, the very numbers that were sent."""
    assert result.vectors.shape == (len(sent), 3)
    assert np.isfinite(result.vectors).all()
    for index, row in enumerate(sent):
        if index in result.rejected:
            assert not result.vectors[index].any()
            assert result.rejected[index]
            continue
        assert isinstance(row, list)
        assert all(type(number) in (int, float) for number in row)
        assert result.vectors[index].tolist() == np.array(row, dtype=np.float64).astype(np.float32).tolist()
        assert result.vectors[index].any()


@given(st.lists(rows, max_size=5))
@example([[True, 0.0, 0.5], [0.5, 0.5, 0.5]])
@example([["1", "2", "3"], [0.5, 0.5, 0.5]])
@example([[1e38, 1e38, 1e38], [1e-30, 1e-30, 1e-30], [1, 2, 3]])
@example([[10**400, 0, 0], [1, 2, 3]])
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")  # the expectation's own arithmetic
def test_any_rows_never_give_a_wrong_vector(sent: list[object]) -> None:
    try:
        result = checked(SERVICE.source, sent, len(sent), 3)
    except Refused:
        assert not any(isinstance(row, list) and len(row) == 3 for row in sent)
    else:
        assert_true_to(result, sent)


@given(json_values)
def test_any_json_never_gives_a_wrong_vector(value: object) -> None:
    data = json.dumps({"embeddings": [value, [0.5, 0.25, 0.125]]}).encode()
    result = read(data, 2)
    assert 1 not in result.rejected
    assert result.vectors[1].tolist() == [0.5, 0.25, 0.125]
    assert_true_to(result, [value, [0.5, 0.25, 0.125]])


@given(
    st.binary(max_size=300)
    | st.text(max_size=100).map(str.encode)
    | json_values.map(json.dumps).map(str.encode)
)
@example(b"")
@example(b"\xff\xfe")
@example(b'{"embeddings":' + b"[" * 100_000 + b"]" * 100_000 + b"}")
@example(b"[" * 100_000 + b"NaN}")
@example(b'{"embeddings":[[NaN,1,' + b"9" * 5000 + b"]]}")
def test_any_bytes_are_a_fault_or_json(data: bytes) -> None:
    fault = None
    try:
        parsed = decode(SERVICE, data)
        value_at(SERVICE, parsed, "embeddings", remedy="check it")
    except Fault as raised:
        fault = raised
    assert fault is None or (fault.message.isprintable() and len(fault.message) < 400)


@given(st.integers(0, 60), st.binary(min_size=1, max_size=1))
def test_a_reply_with_one_byte_changed_or_cut(at: int, byte: bytes) -> None:
    whole = orjson.dumps({"embeddings": GOOD})
    for data in (whole[:at], whole[:at] + byte + whole[at + 1 :]):
        try:
            parsed = decode(SERVICE, data)
            found = value_at(SERVICE, parsed, "embeddings", remedy="check it")
            if isinstance(found, list):
                assert_true_to(checked(SERVICE.source, found, 2, 3), found)
        except Fault:
            pass


def test_right_vectors_pass_untouched() -> None:
    result = read(orjson.dumps({"embeddings": GOOD}), 2)
    assert result.rejected == {}
    np.testing.assert_array_equal(result.vectors, np.array(GOOD, dtype=np.float32))
    assert result.vectors.flags.writeable


def test_count() -> None:
    for count in (1, 3):
        with pytest.raises(BadInput, match=f"2 vectors for {count} items"):
            checked("x", GOOD, count, 3)


def test_size_by_majority_when_none_is_expected() -> None:
    result = checked("x", [[1, 2], [1, 2, 3], [3, 4]], 3, None)
    assert result.vectors.shape == (3, 2)
    assert list(result.rejected) == [1]
    with pytest.raises(BadInput, match="different sizes"):
        checked("x", [[1, 2], [1, 2, 3]], 2, None)
    assert checked("x", [None, None], 2, None).vectors.shape == (2, 0)


def test_all_rejected_is_no_fault() -> None:
    assert list(checked("x", [None, [math.nan] * 3], 2, 3).rejected) == [0, 1]


def test_lengths_that_float32_cannot_square_are_rejected() -> None:
    result = checked("x", [[1e38, 1e38, 1e38], [1e-30, 1e-30, 1e-30], [1, 2, 3]], 3, 3)
    assert list(result.rejected) == [0, 1]


def test_a_wrong_size_names_both() -> None:
    with pytest.raises(Refused, match="answers 2 dimensions, the collection has 512"):
        checked("x", [[1, 2], [1, 2]], 2, 512)


def test_reply_limit_leaves_room() -> None:
    largest = orjson.dumps(
        {"embeddings": [[-1.2345678901234567e-100] * 512] * 100}, option=orjson.OPT_INDENT_2
    )
    assert len(largest) < reply_limit(100, 512) < 20_000_000
    assert reply_limit(1, None) > 16_384 * 25


@pytest.mark.parametrize("text", ["plain", "\ud800", "nul \x00", "ünïcödé ☕"])
def test_encode_is_json_whatever_the_text(text: str) -> None:
    sent = orjson.loads(encode({"items": [{"product_id": 1, "name": text}]}))
    assert sent["items"][0]["name"] == text.encode("utf-8", "replace").decode()


def test_encode_takes_long_integers() -> None:
    assert json.loads(encode({"product_id": 10**30, "gone": None, "yes": True})) == {
        "product_id": 10**30,
        "gone": None,
        "yes": True,
    }


@pytest.fixture(
    params=[
        b"",
        b"\x00\xff\xfe",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n{}",
        b"HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: \xff\xff\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
    ids=lambda data: data[:30].decode("latin-1").encode("unicode_escape").decode() + str(len(data)),
)
def raw_reply(request: pytest.FixtureRequest) -> bytes:
    assert isinstance(request.param, bytes)
    return request.param


@pytest.mark.anyio
async def test_any_bytes_on_the_wire_are_a_fault(raw_reply: bytes, make: Make, backend: Backend) -> None:
    async def answer(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            await stream.send(raw_reply)

    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with anyio.create_task_group() as group:
            group.start_soon(listener.serve, answer)
            embedder = make(backend, url=f"http://127.0.0.1:{port}/")
            with pytest.raises((Transient, Refused)) as caught:
                await embedder.embed(backend.inputs(2))
            group.cancel_scope.cancel()
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("sent", [[], [[]]])
def test_empty_rows(sent: list[object]) -> None:
    assert len(checked("x", sent, len(sent), None).rejected) == len(sent)
