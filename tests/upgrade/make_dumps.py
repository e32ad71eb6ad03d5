"""Makes the dumps of this folder: run by the code of the version that they are of, not by that of now.

    git worktree add --detach /tmp/embedconsole-0.1 eaa2139          (the last commit of 0.1.0)
    cd tests/upgrade
    PYTHONPATH=/tmp/embedconsole-0.1/src:/tmp/embedconsole-0.1/tests python make_dumps.py 0.1

with the servers of `EMBEDCONSOLE_TEST_POSTGRES_URL` and `EMBEDCONSOLE_TEST_MYSQL_URL`, and `pg_dump` and
`mariadb-dump`. A shop of 35 products is left in the middle of its life: see `live`.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import yaml
from sqlalchemy import NullPool, create_engine, make_url, text

import embedconsole
from support.databases import DIALECTS, Database, Dialect
from support.embedding_service import Behaviour, EmbeddingService
from support.installation import Installation
from support.qdrant_server import QdrantServer
from support.shop import QUERY, Shop

_HERE = Path(__file__).parent
_SERVERS = {"postgresql": "EMBEDCONSOLE_TEST_POSTGRES_URL", "mysql": "EMBEDCONSOLE_TEST_MYSQL_URL"}
_NAME = "embedconsole_dump"

SETTINGS: dict[str, Any] = {
    "ledger": "${SHOP_URL}",
    "chunk_size": 10,
    "retry": {"call_delay": 0.01, "attempts": 3, "backoff": [60, 120]},
    "embedders": {"ml": {"type": "http", "url": "${EMBEDDING_URL}", "batch_size": 10}},
    "pipelines": {
        "products": {
            "catalog": {"url": "${SHOP_URL}", "query": QUERY, "key": "id", "changed": "updated_at"},
            "embed": {"embedder": "ml", "text": "{title}", "fields": {"name": "title"}},
            "collection": {
                "url": "${QDRANT_URL}",
                "name": "products",
                "distance": "dot",
                "payload": {"title": "title", "price": "price", "in_stock": "in_stock"},
                "indexes": {"title": "text", "price": "float"},
            },
        }
    },
}


def live(shop: Shop, service: EmbeddingService, qdrant: QdrantServer, program: Installation) -> None:
    """The life of the shop until version 0.1 is stopped for the last time."""
    refuse = Behaviour("status", times=None, status=422, mark="unreadable", body='{"error": "unreadable"}')
    service.behave(refuse)
    shop.add(range(1, 31))
    shop.edit([7, 8], title="unreadable")
    ran(program, "--headless", "--once", "--json", code=1)
    ran(program, "skip", "8")
    # A first generation that is retired, a second that stands by, a third that is searched.
    embed = program.settings["pipelines"]["products"]["embed"]
    for template, option in (("{title}\n{sku}", "--replace"), ("{title}\n{description}", "")):
        embed["text"] = template
        options = [option, "--yes"] if option else []
        ran(program, "reindex", "--accept-missing", *options, code=None)
    ran(program, "skip", "8")
    ran(program, "verify", code=None)
    # Five are paid for and not written, one has another price, one is to be deleted, two are not paid for.
    shop.edit([1, 2], title="Edited in 0.1")
    shop.add([31, 32, 33])
    shop.edit([3], price=4.5)
    for method, path in (("PUT", r"/points(\?|$)"), ("POST", r"/points/(batch|delete|payload)")):
        qdrant.fail_next(count=10_000, method=method, path=path)
    ran(program, "--headless", "--once", "--json", code=None)
    service.behave(Behaviour("status", times=None, status=503))
    shop.add([34, 35])
    shop.delete([9])
    ran(program, "--headless", "--once", "--json", code=None)
    qdrant.reset()


def ran(program: Installation, *arguments: str, code: int | None = 0) -> None:
    ended = program.run(*arguments)
    assert code is None or ended.code == code, ended


def dump_of(database: Database) -> str:
    """All tables as statements."""
    url = make_url(database.url)
    if database.dialect == "sqlite":
        with sqlite3.connect(url.database or "") as connection:
            return "\n".join(connection.iterdump()) + "\n"
    if database.dialect == "postgresql":
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        command = ["pg_dump", "--inserts", "--no-owner", "--no-privileges", plain]
    else:
        command = [
            "mariadb-dump",
            "--hex-blob",
            "--skip-comments",
            "--skip-extended-insert",
            "--skip-add-locks",
        ]
        command += [f"--host={url.host}", f"--port={url.port}", f"--user={url.username}", str(url.database)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    # Notes and commands of the client; what is left is statements.
    lines = [line for line in said.splitlines() if not re.match(r"--|\\|/\*M?!|SET ", line)]
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)) + "\n"


def without_host(dump: str) -> str:
    """The same made on a host called `shop`; what is said of a boot and a namespace is of nobody's use."""
    host = re.escape(socket.gethostname())
    dump = re.sub(rf"\b{host}:[0-9a-f-]{{36}}:[0-9]+", "shop:boot:1", dump)
    return re.sub(rf"\b{host}(?=[:'\"])", "shop", dump)


def collections_of(qdrant: QdrantServer) -> dict[str, Any]:
    """All collections with their points, and the aliases."""
    with httpx.Client(base_url=qdrant.url) as client:

        def get(path: str) -> Any:
            return client.get(path).raise_for_status().json()["result"]

        names = [one["name"] for one in get("/collections")["collections"]]
        every = {"limit": 1000, "with_payload": True, "with_vector": True}
        return {
            "aliases": get("/aliases")["aliases"],
            "collections": {
                name: {
                    "vectors": get(f"/collections/{name}")["config"]["params"]["vectors"],
                    "indexes": {
                        field: one.get("params") or one["data_type"]
                        for field, one in get(f"/collections/{name}")["payload_schema"].items()
                    },
                    "points": client.post(f"/collections/{name}/points/scroll", json=every).json()["result"][
                        "points"
                    ],
                }
                for name in names
            },
        }


def main(version: str) -> None:
    assert embedconsole.__version__.startswith(version), embedconsole.__version__
    target = _HERE / version
    target.mkdir(exist_ok=True)
    for dialect in DIALECTS:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            database = made(dialect, folder)
            service = stack.enter_context(EmbeddingService(size=8))
            qdrant = stack.enter_context(QdrantServer(folder / "qdrant"))
            environment = {
                "SHOP_URL": database.url,
                "EMBEDDING_URL": service.url,
                "QDRANT_URL": qdrant.url,
            }
            program = Installation(folder, json.loads(json.dumps(SETTINGS)), environment)
            shop = Shop(database)
            shop.create()
            live(shop, service, qdrant, program)
            (target / f"{dialect}.sql").write_text(without_host(dump_of(database)))
            found = json.dumps(collections_of(qdrant), indent=None, sort_keys=True)
            (target / f"{dialect}.json").write_text(found.replace('{"id"', '\n{"id"') + "\n")
            (target / "embedconsole.yaml").write_text(yaml.safe_dump(program.settings, sort_keys=False))


def made(dialect: Dialect, folder: Path) -> Database:
    """An empty database; one of the same name is dropped."""
    if dialect == "sqlite":
        return Database(f"sqlite:///{folder / 'shop.db'}", dialect)
    url = make_url(os.environ[_SERVERS[dialect]])
    url = url.set(drivername={"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}[dialect])
    with create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {_NAME}"))
        utf8 = " CHARACTER SET utf8mb4" if dialect == "mysql" else ""
        connection.execute(text(f"CREATE DATABASE {_NAME}{utf8}"))
    return Database(url.set(database=_NAME).render_as_string(hide_password=False), dialect)


if __name__ == "__main__":
    main(sys.argv[1])
