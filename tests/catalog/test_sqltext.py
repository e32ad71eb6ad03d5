"""Where a statement ends, and which table it reads first."""

from __future__ import annotations

import pytest

from embedconsole.catalog.sqltext import first_table, name_parts, statement_body
from embedconsole.faults import Refused


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql", "mssql", "oracle"])
@pytest.mark.parametrize(
    ("sql", "body"),
    [
        ("SELECT 1", "SELECT 1"),
        ("SELECT 1;", "SELECT 1"),
        ("SELECT 1 ; ; \n", "SELECT 1"),
        ("SELECT 1 -- done; really", "SELECT 1"),
        ("SELECT 1; /* done */ -- yes", "SELECT 1"),
        ("-- first\nSELECT ';' AS x;", "-- first\nSELECT ';' AS x"),
        ("SELECT '--', '/*', 'it''s;'", "SELECT '--', '/*', 'it''s;'"),
    ],
)
def test_the_end_of_a_statement(sql: str, body: str, dialect: str) -> None:
    assert statement_body(sql, dialect) == body


@pytest.mark.parametrize(
    ("sql", "body", "dialect"),
    [
        ("SELECT 1 # done;", "SELECT 1", "mysql"),
        (r"SELECT 'it\'s;', 2;", r"SELECT 'it\'s;', 2", "mysql"),
        ('SELECT "a;b";', 'SELECT "a;b"', "mysql"),
        ("SELECT 5--3;", "SELECT 5--3", "mysql"),
        (r"SELECT E'it\'s;';", r"SELECT E'it\'s;'", "postgresql"),
        (r"SELECT '\';", r"SELECT '\'", "postgresql"),
        ("SELECT $a$;$b$;$a$;", "SELECT $a$;$b$;$a$", "postgresql"),
        ("SELECT 1 /* a /* b */ ; */;", "SELECT 1", "postgresql"),
        ("SELECT [a;b];", "SELECT [a;b]", "sqlite"),
    ],
)
def test_each_dialects_strings_and_comments(sql: str, body: str, dialect: str) -> None:
    assert statement_body(sql, dialect) == body


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 2", "SELECT 1; DROP TABLE products; --"])
def test_two_statements_are_refused(sql: str) -> None:
    with pytest.raises(Refused, match="more than one statement"):
        statement_body(sql, "sqlite")


@pytest.mark.parametrize("sql", ["", "  ", ";", "-- nothing", "/* unfinished"])
def test_no_statement_is_refused(sql: str) -> None:
    with pytest.raises(Refused, match="empty"):
        statement_body(sql, "sqlite")


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("SELECT * FROM products", ("products",)),
        ("select id from products p left join categories c on c.id = p.category_id", ("products",)),
        ("SELECT * FROM shop.products AS p", ("shop", "products")),
        ('SELECT * FROM "Shop"."Pro ""x"" ducts" p', ("Shop", 'Pro "x" ducts')),
        ("SELECT (SELECT max(x) FROM prices) AS x, 'FROM a' FROM products", ("products",)),
        ("SELECT 1 -- FROM a\n, 2 /* FROM b */ FROM products", ("products",)),
        ("SELECT extract(year FROM t), substring(a FROM 2) FROM products", ("products",)),
        ("SELECT a IS DISTINCT FROM b AS x FROM products", ("products",)),
        ("WITH c AS (SELECT * FROM categories) SELECT * FROM products JOIN c USING (id)", ("products",)),
        ("WITH RECURSIVE c(id) AS MATERIALIZED (SELECT 1 FROM x) SELECT * FROM products", ("products",)),
        ("SELECT x.from_date FROM products x WHERE id IN (SELECT id FROM y)", ("products",)),
        ("SELECT * FROM products, categories", ("products",)),
        ("SELECT * FROM ONLY products", ("products",)),
    ],
)
def test_the_first_table(sql: str, parts: tuple[str, ...]) -> None:
    assert first_table(sql, "postgresql") == parts


@pytest.mark.parametrize(
    ("sql", "dialect", "parts"),
    [
        ("SELECT * FROM Products", "postgresql", ("products",)),
        ("SELECT * FROM Products", "sqlite", ("Products",)),
        ("SELECT * FROM `my``shop`.`products`", "mysql", ("my`shop", "products")),
        ("SELECT * FROM [my products]", "sqlite", ("my products",)),
        ('SELECT " FROM a " FROM products', "mysql", ("products",)),
        ("SELECT 1 # FROM a\nFROM products", "mysql", ("products",)),
    ],
)
def test_names_as_the_dialect_writes_them(sql: str, dialect: str, parts: tuple[str, ...]) -> None:
    assert first_table(sql, dialect) == parts


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1",
        "SELECT * FROM (SELECT * FROM products) p",
        "SELECT * FROM (products p JOIN categories c ON c.id = p.category_id)",
        "SELECT * FROM generate_series(1, 3)",
        "SELECT id FROM products UNION ALL SELECT id FROM old_products",
        "WITH p AS (SELECT * FROM products) SELECT * FROM p",
        "WITH p(id, x) AS NOT MATERIALIZED (SELECT * FROM products) SELECT * FROM P",
        'WITH "p" AS (SELECT * FROM products) SELECT * FROM p',
        "SELECT * FROM",
        "SELECT * FROM a.",
    ],
)
def test_no_clear_table_is_refused_with_the_setting_to_use(sql: str) -> None:
    with pytest.raises(Refused, match=r"catalog\.writeback\.table"):
        first_table(sql, "postgresql")


@pytest.mark.parametrize(
    ("name", "parts"),
    [("a", ("a",)), ("a.b", ("a", "b")), ('"a.b".c', ("a.b", "c")), ("a b", ()), ("a; DROP", ())],
)
def test_names_in_the_configuration(name: str, parts: tuple[str, ...]) -> None:
    assert name_parts(name, "postgresql") == parts
