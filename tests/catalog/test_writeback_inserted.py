"""Write-back that inserts the rows which a table of embeddings lacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from embedconsole.catalog.base import Settled
from embedconsole.faults import Refused

from .conftest import NOW
from .shop import TIME
from .test_writeback import reader_of

if TYPE_CHECKING:
    from embedconsole.catalog.sql_catalog import SqlCatalog
    from embedconsole.items import JsonValue
    from support.databases import Database

    from .conftest import OpenCatalog

_OLD = "2024-05-01 10:00:00"
_NUMBERED = {
    "sqlite": "id integer PRIMARY KEY",
    "postgresql": "id bigserial PRIMARY KEY",
    "mysql": "id bigint unsigned AUTO_INCREMENT PRIMARY KEY",
}
_JSON = {"sqlite": "text", "postgresql": "json", "mysql": "json"}
_INTO = {"table": "product_embeddings", "key": "product_image_id", "vector": "embedding", "insert": True}


def make_images(database: Database, *, more: str = "") -> None:
    """Pictures 11 and 12 of product 1, 21 of product 2; 11 has its embedding, and so has product 1."""
    time = TIME[database.dialect]
    database.run(
        f"CREATE TABLE product_images (id integer PRIMARY KEY, product_id integer, url varchar(99),"
        f" updated_at {time} NULL)",
        f"INSERT INTO product_images VALUES (11, 1, 'a', '{_OLD}'), (12, 1, 'b', '{_OLD}'),"
        f" (21, 2, 'c', '{_OLD}')",
        f"CREATE TABLE product_embeddings ({_NUMBERED[database.dialect]}, product_id integer NOT NULL,"
        f" product_image_id integer NULL, embedding {_JSON[database.dialect]} NOT NULL, {more}"
        f" created_at {time} NOT NULL, updated_at {time} NULL, UNIQUE (product_id, product_image_id))",
    )
    if not more:
        database.run(
            "INSERT INTO product_embeddings (product_id, product_image_id, embedding, created_at) VALUES"
            f" (1, 11, '[0.5]', '{_OLD}'), (1, NULL, '[0.5]', '{_OLD}')"
        )


def opened(database: Database, catalog: OpenCatalog) -> SqlCatalog:
    """The pictures, noted in `product_embeddings`."""
    settings = {"product": "product_id", "changed": "updated_at", "writeback": _INTO}
    return catalog(database, table="product_images", **settings)


def embeddings(database: Database) -> list[tuple[object, object, list[float], str]]:
    """What `product_embeddings` has of pictures."""
    rows = database.rows(
        "SELECT product_id, product_image_id, embedding, created_at FROM product_embeddings"
        " WHERE product_image_id IS NOT NULL ORDER BY product_image_id, product_id"
    )
    return [
        (product, image, json.loads(vector) if isinstance(vector, str) else vector, str(created)[:19])
        for product, image, vector, created in rows
    ]


def test_missing_rows_are_inserted_once_and_others_updated(database: Database, catalog: OpenCatalog) -> None:
    make_images(database)
    shop = opened(database, catalog)
    read = shop.read(["11", "12", "21"])
    now = str(NOW.replace(tzinfo=None))
    for number in (1.0, 2.0):
        vector: JsonValue = [number]
        shop.write_back([Settled(row, vector) for row in read.values()])
        assert embeddings(database) == [(1, 11, vector, _OLD), (1, 12, vector, now), (2, 21, vector, now)]
    assert database.scalar("SELECT count(*) FROM product_embeddings WHERE product_image_id IS NULL") == 1


def test_what_is_gone_edited_or_has_no_vector_gets_no_row(database: Database, catalog: OpenCatalog) -> None:
    make_images(database)
    shop = opened(database, catalog)
    read = shop.read(["11", "12", "21"])
    database.run(
        "DELETE FROM product_images WHERE id = 12",
        "UPDATE product_images SET updated_at = '2024-05-02 00:00:00' WHERE id = 21",
    )
    assert shop.write_back([Settled(read["12"], [1.0]), Settled(read["21"], [1.0])]) == 1
    shop.write_back([Settled(shop.read(["21"])["21"])])
    assert [row[:2] for row in embeddings(database)] == [(1, 11)]


def test_a_row_is_of_one_picture_and_one_product(database: Database, catalog: OpenCatalog) -> None:
    """A picture that was given to another product gets a row of its own."""
    make_images(database)
    database.run("UPDATE product_images SET product_id = 3 WHERE id = 11")
    shop = opened(database, catalog)
    shop.write_back([Settled(shop.read(["11"])["11"], [1.0])])
    assert [row[:3] for row in embeddings(database)] == [(1, 11, [0.5]), (3, 11, [1.0])]


def test_a_column_that_nobody_fills_is_named_before_anything_is_paid(
    database: Database, catalog: OpenCatalog
) -> None:
    make_images(database, more="model varchar(40) NOT NULL,")
    with pytest.raises(Refused, match=r"product_embeddings: its column model takes no NULL.*Give model"):
        opened(database, catalog).check_write_back()


@pytest.mark.parametrize("dialect", ["postgresql", "mysql"])
def test_permissions_are_checked_without_a_write(
    dialect: str, request: pytest.FixtureRequest, catalog: OpenCatalog
) -> None:
    database: Database = request.getfixturevalue(dialect)
    make_images(database)
    opened(database, catalog).check_write_back()
    assert len(embeddings(database)) == 1
    database.run("CREATE TABLE products (id integer)")
    with reader_of(database) as reader:
        name = reader.url.split("//")[1].split(":")[0]
        for right in ("SELECT", "UPDATE"):
            for table in ("product_images", "product_embeddings"):
                database.run(f"GRANT {right} ON {table} TO {name}")
        shop = opened(reader, catalog)
        with pytest.raises(Refused, match=r"(?i)denied"):
            shop.check_write_back()
        shop.close()
