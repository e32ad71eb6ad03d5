"""Keys and values that are not those of a tidy shop. Scenario 13."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from support.installation import Points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.databases import Database
    from support.fixtures_shop import Stage
    from support.installation import Json

_UUIDS = [str(uuid.UUID(int=number * 0x1234_5678_9ABC_DEF0_1234_5678)) for number in range(1, 7)]
_NUMBERS = [-9_223_372_036_854_775_808, -7, 0, 1, 42, 9_223_372_036_854_775_807]
_TEXTS = [
    "sku/1",
    "00012",
    "-5",
    "12:red:XL",
    "12|red",
    "a b, c",
    "größe \U0001f600",
    'it\'s "quoted" \\ %s :x {y}',
    "NULL",
    "18446744073709551615",
    "18446744073709551616",
    _UUIDS[0],
]
_UNICODE = "größe \U0001f600 日本 \u202e '\\%:x\x1b[31m"
_LONG = "All work and no play. " * 50_000


def _point(key: str) -> int | str:
    """Invariant 7: the key itself when it is an unsigned 64-bit integer or a UUID, else UUIDv5 of it."""
    if key in ("0", "1", "42", "9223372036854775807", "18446744073709551615"):
        return int(key)
    return key if key in _UUIDS else str(uuid.uuid5(uuid.NAMESPACE_URL, key))


def _key_tables(database: Database) -> dict[str, list[str]]:
    """Tables by the type of their key, and the keys in them as text."""
    kind = {"postgresql": "uuid"}.get(database.dialect, "char(36)")
    database.run(
        "CREATE TABLE text_keys (id varchar(100) PRIMARY KEY, body text)",
        "CREATE TABLE number_keys (id bigint PRIMARY KEY, body text)",
        f"CREATE TABLE uuid_keys (id {kind} PRIMARY KEY, body text)",
    )
    tables: dict[str, Sequence[object]] = {
        "text_keys": _TEXTS,
        "number_keys": _NUMBERS,
        "uuid_keys": [uuid.UUID(key) for key in _UUIDS] if kind == "uuid" else _UUIDS,
    }
    for table, keys in tables.items():
        database.insert(table, [{"id": key, "body": f"Body of {key}"} for key in keys])
    return {table: [str(key) for key in keys] for table, keys in tables.items()}


def _value_table(database: Database) -> dict[str, Json]:
    """A table with a row for each awkward text, and the payloads that must come of it, by key."""
    column = {
        "sqlite": "price DECIMAL(10,2), at TEXT, raw BLOB, j TEXT, f REAL",
        "postgresql": "price numeric(10,2), at timestamptz, raw bytea, j jsonb, f float8",
        "mysql": "price DECIMAL(10,2), at DATETIME(3), raw VARBINARY(10), j LONGTEXT, f DOUBLE",
    }[database.dialect]
    long_text = "LONGTEXT" if database.dialect == "mysql" else "text"
    database.run(f"CREATE TABLE awkward (id integer PRIMARY KEY, body {long_text}, {column})")
    texts = {1: _UNICODE, 2: _LONG}
    if database.dialect != "postgresql":
        texts[3] = "before\x00after"
    rows: list[dict[str, object]] = [
        {"id": number, "body": body, "price": "10.50", "at": "2024-05-01 12:00:00.250", "raw": b"\x00\xff",
         "j": '{"a": [1, null], "b": "\\u00e4"}', "f": "NaN" if database.dialect == "postgresql" else None}
        for number, body in texts.items()
    ]  # fmt: skip
    database.insert("awkward", rows)
    at = {
        "sqlite": "2024-05-01 12:00:00.250",
        "postgresql": "2024-05-01T12:00:00.250000+00:00",
        "mysql": "2024-05-01T12:00:00.250000",
    }[database.dialect]
    common = {"price": 10.5, "at": at, "raw": "AP8=", "j": {"a": [1, None], "b": "ä"}, "f": None}
    return {str(number): {"id": number, "body": body, **common} for number, body in texts.items()}


def _pipeline(stage: Stage, table: str) -> Json:
    return {
        "catalog": {"url": stage.shop.database.url, "table": table, "json_columns": ["j"]}
        if table == "awkward"
        else {"url": stage.shop.database.url, "table": table},
        "embed": {"embedder": "ml", "text": "{body}"},
        "collection": {"url": stage.qdrant.url, "name": f"{stage.points.collection}-{table}"},
    }


def test_awkward_keys_and_values(stage: Stage) -> None:
    """Scenario 13.

    String, UUID, negative, very large and composite-looking keys; unicode, 1 MB and NUL-bearing texts;
    Decimal, datetime, JSON, NaN and bytes columns. Each key is found again: unchanged, edited, deleted.
    """
    database = stage.shop.database
    if database.dialect == "postgresql":
        database.run(f"ALTER DATABASE \"{database.engine.url.database}\" SET TIME ZONE 'UTC'")
    tables = _key_tables(database)
    payloads = _value_table(database)
    stage.installation.settings["pipelines"] = {
        table: _pipeline(stage, table) for table in (*tables, "awkward")
    }
    points = {
        table: Points(stage.qdrant.url, f"{stage.points.collection}-{table}")
        for table in (*tables, "awkward")
    }

    first = stage.installation.sync()

    assert first.code == 0, first.err
    for table, keys in tables.items():
        found = points[table].payloads()
        assert found.keys() == {_point(key) for key in keys}
        for key in keys:
            payload = found[_point(key)]
            assert (payload["_embedconsole"]["key"], payload["body"]) == (key, f"Body of {key}")
    awkward = points["awkward"].payloads()
    for payload in awkward.values():
        del payload["_embedconsole"]
    assert {str(number): payload for number, payload in awkward.items()} == payloads
    sent = {
        item["name"]
        for body in stage.service.stats().bodies
        for item in body["items"]  # type: ignore[attr-defined]
    }
    assert {payload["body"].strip() for payload in payloads.values()} <= sent

    stage.forget()
    for table, keys in tables.items():
        gone, edited = keys[3], keys[-1]
        quote = "::text" if database.dialect == "postgresql" else ""
        database.run(
            f"DELETE FROM {table} WHERE id{quote} = '{gone}'",
            f"UPDATE {table} SET body = 'Edited' WHERE id{quote} = '{edited}'",
        )
    second = stage.installation.sync()

    assert second.code == 0, second.err
    reports = second.json["pipelines"]
    assert (reports["awkward"]["unchanged"], reports["awkward"]["embed_requests"]) == (len(payloads), 0)
    for table, keys in tables.items():
        counts = [reports[table][name] for name in ("embedded", "deleted", "unchanged")]
        assert counts == [1, 1, len(keys) - 2], table
        assert points[table].ids() == {_point(key) for key in keys} - {_point(keys[3])}
        assert points[table].payload(_point(keys[-1]))["body"] == "Edited"
    assert json.dumps(second.json)
