"""A shop's tables as the design's example query reads them, and ways to change them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from support.databases import Database

QUERY = """\
SELECT p.id, p.sku, p.title, p.description, c.name AS category, p.price, p.stock > 0 AS in_stock,
       p.image_url, p.color, p.size_options, p.created_at, p.updated_at
FROM products p LEFT JOIN categories c ON c.id = p.category_id WHERE p.deleted_at IS NULL"""

_TIME = {"sqlite": "TEXT", "postgresql": "timestamp", "mysql": "DATETIME(6)"}
_FLAG = {"sqlite": "INTEGER", "postgresql": "boolean", "mysql": "TINYINT(1)"}
_YES = {"sqlite": "1", "postgresql": "true", "mysql": "1"}
_BEGINNING = datetime(2026, 1, 1, 12, 0, 0)


@dataclass
class Shop:
    """The tables `categories` and `products`. Every edit moves `updated_at` on by a second, unless told."""

    database: Database
    _now: datetime = field(default=_BEGINNING)

    def create(self) -> None:
        """Create the tables, with three categories and no product."""
        time, flag = _TIME[self.database.dialect], _FLAG[self.database.dialect]
        self.database.run(
            "CREATE TABLE categories (id integer PRIMARY KEY, name varchar(100))",
            "INSERT INTO categories VALUES (1, 'Shoes'), (2, 'Mugs'), (3, 'Lamps')",
            "CREATE TABLE products (id integer PRIMARY KEY, sku varchar(40), title text, description text,"
            " category_id integer, price decimal(10,2), stock integer, image_url varchar(400),"
            f" color varchar(40), size_options text, created_at {time} NULL, updated_at {time} NULL,"
            f" deleted_at {time} NULL, needs_embedding {flag} NOT NULL DEFAULT {_YES[self.database.dialect]},"
            f" embedding_synced_at {time} NULL, embedding text NULL)",
        )

    def add(self, ids: Iterable[int]) -> None:
        """Add products with these ids, their content made from the id."""
        rows = [
            {
                "id": number,
                "sku": f"SKU-{number:05d}",
                "title": f"Product number {number}",
                "description": f"What can be said of product {number}",
                "category_id": 1 + number % 3,
                "price": f"{number % 90 + 9}.95",
                "stock": number % 4,
                "image_url": f"https://shop.example/images/{number}.jpg",
                "color": "red",
                "size_options": '["S", "M"]',
                "now": self._tick(),
            }
            for number in ids
        ]
        insert = text(
            "INSERT INTO products (id, sku, title, description, category_id, price, stock, image_url, color,"
            " size_options, created_at, updated_at) VALUES (:id, :sku, :title, :description, :category_id,"
            " :price, :stock, :image_url, :color, :size_options, :now, :now)"
        )
        with self.database.engine.begin() as connection:
            connection.execute(insert, rows)

    def edit(self, ids: Iterable[int], *, touch: bool = True, **values: object) -> None:
        """Set columns of some products; `touch` moves `updated_at` on."""
        if touch:
            values["updated_at"] = self._tick()
        assignments = ", ".join(f"{column} = :{column}" for column in values)
        statement = text(f"UPDATE products SET {assignments} WHERE id IN :ids").bindparams(
            bindparam("ids", expanding=True)
        )
        with self.database.engine.begin() as connection:
            connection.execute(statement, {**values, "ids": list(ids)})

    def soft_delete(self, ids: Iterable[int]) -> None:
        """Set `deleted_at`, as the legacy models do."""
        self.edit(ids, deleted_at=self._tick())

    def restore(self, ids: Iterable[int]) -> None:
        """Undo `soft_delete`."""
        self.edit(ids, deleted_at=None)

    def delete(self, ids: Iterable[int]) -> None:
        """Delete rows."""
        statement = text("DELETE FROM products WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
        with self.database.engine.begin() as connection:
            connection.execute(statement, {"ids": list(ids)})

    def column(self, name: str) -> dict[int, object]:
        """A column of all products, by id."""
        with self.database.engine.begin() as connection:
            return {row[0]: row[1] for row in connection.execute(text(f"SELECT id, {name} FROM products"))}

    def _tick(self) -> str:
        self._now += timedelta(seconds=1)
        return self._now.isoformat(sep=" ")
