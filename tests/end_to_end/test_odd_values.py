"""Values that no tidy shop has: each is synced or its item's fault, and none stops or hides the others.

One catalog with all of them on each database: a first run, one that finds nothing to do, and one after edits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from support.databases import Dialect
    from support.fixtures_shop import Stage
    from support.installation import Json

_GOOD = "'2026-01-01 10:00:00'"

_TABLES: dict[Dialect, str] = {
    "sqlite": "id, title, edited, amount, active, code",
    "postgresql": "id text, title text, edited timestamptz, amount numeric, active bit(1), code uuid,"
    " colours colour[], day date, spans daterange, at time",
    "mysql": "id varchar(40), title text, edited datetime NULL, amount decimal(65,2), active bit(1),"
    " code binary(16) NULL, clock time, day date, raw blob",
}
_UUID = "01234567-89ab-cdef-0123-456789abcdef"

_ROWS: dict[Dialect, list[str]] = {
    "sqlite": [
        f"'plain', 'Plain', {_GOOD}, '12', '1', x'0123456789abcdef0123456789abcdef'",
        f"CAST(x'61ff' AS TEXT), 'No text', {_GOOD}, '99999999999999999999', 'Y', 'no uuid'",
        f"CAST(x'61fe' AS TEXT), 'Nor this', {_GOOD}, 1e22, 'N', NULL",
        f"CAST(x'6100' AS TEXT), 'NUL', {_GOOD}, 9e999, 0, ''",
        f"7, 'Number', '31.12.2025 10:00', -9223372036854775808, 'maybe', '{_UUID}'",
        "2.5, 'Fraction', '2099-01-01 00:00:00', '1_000', 2, NULL",
        "x'00ff', CAST(x'ff' AS TEXT), '0000-00-00 00:00:00', CAST(x'ff' AS TEXT), NULL, NULL",
        "'null', 'Never', NULL, NULL, NULL, NULL",
        "NULL, 'No key', NULL, NULL, NULL, NULL",
    ],
    "postgresql": [
        f"'plain', 'Plain', {_GOOD}, 12, B'1', '{_UUID}', '{{red,dark blue}}', '2026-01-01', NULL, '24:00'",
        "'ever', 'Ever', 'infinity', 1e30, B'0', NULL, '{}', 'infinity', '[2026-01-01,infinity)', NULL",
        "'never', 'Never', '-infinity', 'NaN', NULL, NULL, NULL, '-infinity', NULL, NULL",
        "'ides', 'Ides', '0044-03-15 BC', 1.5, NULL, NULL, NULL, '0044-03-15 BC', NULL, NULL",
        f"'later', 'Later', '20260-01-01', {10**18}, NULL, NULL, NULL, '20260-01-01', NULL, NULL",
        "'soon', 'Soon', '2099-01-01', NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        "'null', 'Null', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        "NULL, 'No key', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
    ],
    "mysql": [
        f"'plain', 'Plain', {_GOOD}, 12, b'1', x'0123456789abcdef0123456789abcdef', '838:59:59',"
        " '2026-01-01', 'text'",
        f"'zero', 'Zero', '0000-00-00 00:00:00', 1{'0' * 40}, b'0', NULL, '-838:59:59', '0000-00-00', x'ff'",
        "'soon', 'Soon', '2099-01-01 00:00:00', -1.5, NULL, NULL, NULL, '2026-00-00', NULL",
        "'null', 'Null', NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        "NULL, 'No key', NULL, NULL, NULL, NULL, NULL, NULL, NULL",
    ],
}
_ALWAYS_READ: dict[Dialect, set[str]] = {
    "sqlite": {"7", "2.5", "00ff", "null"},
    "postgresql": {"ever", "never", "ides", "later", "soon", "null"},
    "mysql": {"zero", "soon", "null"},
}


def test_odd_values_are_carried_and_hide_nothing(stage: Stage) -> None:
    database = stage.shop.database
    dialect = database.dialect
    if dialect == "postgresql":
        database.run("CREATE TYPE colour AS ENUM ('red', 'dark blue')")
    lenient = ["SET sql_mode = 'ALLOW_INVALID_DATES'"] if dialect == "mysql" else []
    database.run(f"CREATE TABLE odd ({_TABLES[dialect]})")
    database.run(*lenient, *(f"INSERT INTO odd VALUES ({row})" for row in _ROWS[dialect]))
    # Enough that a pass for changes reads fewer rows than there are.
    database.run(
        *(
            f"INSERT INTO odd (id, title, edited) VALUES ('old{n}', 'Old', '2025-01-01 00:00:00')"
            for n in range(9)
        )
    )
    stage.pipeline["catalog"] = {"url": database.url, "table": "odd", "key": "id", "changed": "edited"}
    stage.pipeline["embed"] = {"embedder": "ml", "text": "{title}"}
    indexes = {"amount": "integer", "active": "bool", "code": "uuid", "edited": "datetime", "title": "text"}
    for setting in ("payload", "link"):
        stage.pipeline["collection"].pop(setting, None)
    stage.pipeline["collection"]["indexes"] = indexes
    items = len(_ROWS[dialect]) - 1 + 9

    checked = stage.installation.run("test")
    first = stage.installation.sync()

    assert checked.code == 0, checked
    assert "1 row has NULL in the key column id and can't be synced" in checked.out
    assert "edited is not a past time in ISO form" in checked.out
    assert "amount does not fit its integer index" in checked.out
    assert (first.code, first.products["embedded"]) == (0, items), first
    payloads = {payload["_embedconsole"]["key"]: payload for payload in stage.points.payloads().values()}
    plain = payloads["plain"]
    assert (plain["amount"], plain["active"], plain["code"]) == (12, True, _UUID)

    again = stage.installation.sync()

    assert (again.code, again.products["embedded"], again.products["deleted"]) == (0, 0, 0), again
    assert again.products["scanned"] < items
    assert again.products["scanned"] == len(_ALWAYS_READ[dialect]) + sum(
        _GOOD in row for row in _ROWS[dialect]
    )

    # An edit that leaves `edited` as it is, where that value tells nothing.
    database.run(*lenient, "UPDATE odd SET title = 'Edited' WHERE title NOT IN ('Old', 'No key')")
    edited = stage.installation.sync("--json")

    assert (edited.code, edited.products["embedded"]) == (0, items - 9), edited
    verified = stage.installation.run("verify")
    assert verified.code == 0, verified


def test_keys_that_are_no_text_are_synced_and_deleted_like_others(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    database = stage.shop.database
    database.run(
        "CREATE TABLE odd (id, title)",
        "INSERT INTO odd VALUES (CAST(x'61ff' AS TEXT), 'Hat'), (CAST(x'61fe' AS TEXT), 'Tie'), ('a', 'Mug')",
    )
    stage.pipeline["catalog"] = {"url": database.url, "table": "odd", "key": "id"}
    stage.pipeline["embed"] = {"embedder": "ml", "text": "{title}"}
    stage.pipeline["collection"] |= {"payload": {"title": "title"}, "indexes": {}}

    assert stage.installation.sync().products["embedded"] == 3
    explained: Json = stage.installation.run("explain", r"a\xff", "--json").json
    assert "Hat" in str(explained)
    database.run("DELETE FROM odd WHERE title = 'Hat'")
    last = stage.installation.sync("--allow-deletes")

    assert (last.code, last.products["deleted"], last.products["embedded"]) == (0, 1, 0), last
    assert {payload["title"] for payload in stage.points.payloads().values()} == {"Tie", "Mug"}
