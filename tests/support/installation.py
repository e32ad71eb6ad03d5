"""embedconsole as an operator has it: a configuration file, a state folder, and the program to run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import yaml

from support.starting import start_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from support.starting import Program

Json = dict[str, Any]  # documents of the program's own making, taken apart by assertions


@dataclass(frozen=True)
class Ended:
    """A run of the program that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Json:
        """The JSON document that stdout ends with."""
        document: Json = json.loads(self.out.splitlines()[-1])
        return document

    @property
    def products(self) -> Json:
        """What the report says of the pipeline `products`."""
        report: Json = self.json["pipelines"]["products"]
        return report


@dataclass(frozen=True)
class Running:
    """The program while it runs."""

    process: Program
    timeout: float

    def ended(self) -> Ended:
        """Wait for its end; fails when it does not come."""
        out, err = self.process.communicate(timeout=self.timeout)
        assert self.process.returncode is not None
        return Ended(self.process.returncode, out, err)


@dataclass
class Installation:
    """A folder with a configuration; `settings` may be changed between runs.

    Attributes:
        settings: The configuration as it will be written for the next run.
    """

    folder: Path
    settings: Json
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "embedconsole.yaml"

    def command(self, *arguments: str) -> list[str]:
        """The arguments of the program, the configuration written."""
        # In one step: a program that was started before may be about to read it.
        draft = self.config.with_suffix(".draft")
        draft.write_text(yaml.safe_dump(self.settings, sort_keys=False), encoding="utf-8")
        draft.replace(self.config)
        return [*arguments, "--config", str(self.config)]

    @property
    def environ(self) -> dict[str, str]:
        """The program's environment: state and logs stay in the folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("EMBEDCONSOLE_")}
        return {
            **kept,
            "EMBEDCONSOLE_STATE_DIR": str(self.folder / "state"),
            "EMBEDCONSOLE_LOG_DIR": str(self.folder / "log"),
            **self.environment,
        }

    def run(self, *arguments: str, timeout: float = 120.0) -> Ended:
        """Run the program as an operator does, in a process of its own, and wait for it."""
        return self._wait_for(self.command(*arguments), timeout)

    def bare(self, *arguments: str, timeout: float = 120.0) -> Ended:
        """The same without naming a configuration."""
        return self._wait_for(arguments, timeout)

    def cold(self, *arguments: str, timeout: float = 120.0) -> Ended:
        """The same in a fresh interpreter, as a shell starts it: for what importing does."""
        done = subprocess.run(
            [sys.executable, "-m", "embedconsole", *self.command(*arguments)],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def _wait_for(self, arguments: Sequence[str], timeout: float) -> Ended:
        process = start_program(arguments, self.environ)
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
        assert process.returncode is not None
        return Ended(process.returncode, out, err)

    def start(self, *arguments: str) -> Program:
        """Start the program and leave it running; the caller ends it and reads its pipes."""
        return start_program(self.command(*arguments), self.environ)

    @contextmanager
    def running(self, *arguments: str, timeout: float = 60.0) -> Iterator[Running]:
        """Start the program, and have it ended when the block is left, one way or the other."""
        process = self.start(*arguments)
        try:
            yield Running(process, timeout)
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()

    def sync(self, *arguments: str, timeout: float = 120.0) -> Ended:
        """`--headless --once --json`."""
        return self.run("--headless", "--once", "--json", *arguments, timeout=timeout)

    @property
    def log(self) -> str:
        """The log file's text."""
        return (self.folder / "log" / "embedconsole.log").read_text(encoding="utf-8")


def shop_settings(
    *, catalog_url: str, service_url: str, qdrant_url: str, collection: str, ledger_url: str | None = None
) -> Json:
    """The design's example configuration, with quick retries and small batches."""
    from support.shop import QUERY

    settings: Json = {
        "embedders": {"ml": {"type": "http", "url": service_url, "batch_size": 10, "concurrency": 4}},
        "pipelines": {
            "products": {
                "catalog": {"url": catalog_url, "query": QUERY, "key": "id", "changed": "updated_at"},
                "embed": {
                    "embedder": "ml",
                    "text": "{title}\n{description}",
                    "image": "{image_url}",
                    "fields": {"name": "title", "description": "description"},
                },
                "collection": {
                    "url": qdrant_url,
                    "name": collection,
                    "payload": {
                        "product_id": "sku",
                        "title": "title",
                        "price": "price",
                        "in_stock": "in_stock",
                        "metadata": {"color": "color", "size": "size_options"},
                    },
                    "indexes": {"title": "text", "price": "float", "in_stock": "bool"},
                },
            }
        },
        "chunk_size": 10,
        "workers": 4,
        "retry": {"call_delay": 0.01, "backoff": [60, 120, 300]},
    }
    if ledger_url is not None:
        settings["ledger"] = ledger_url
    return settings


@dataclass(frozen=True)
class Points:
    """The points of a collection, read over HTTP as anybody would."""

    url: str
    collection: str

    def all(self, *, vectors: bool = False) -> Mapping[int | str, Json]:
        """Every point by id, with its payload and, if asked, its vector."""
        answer = httpx.post(
            f"{self.url}/collections/{self.collection}/points/scroll",
            json={"limit": 100_000, "with_payload": True, "with_vector": vectors},
            timeout=60,
        )
        if answer.status_code == 404:
            return {}
        answer.raise_for_status()
        return {point["id"]: point for point in answer.json()["result"]["points"]}

    def ids(self) -> set[int | str]:
        """The ids of all points."""
        return set(self.all())

    def vectors(self) -> Mapping[int | str, list[float]]:
        """The vector of every point, by id."""
        return {number: point["vector"] for number, point in self.all(vectors=True).items()}

    def payloads(self) -> Mapping[int | str, Json]:
        """The payload of every point, by id."""
        return {number: point["payload"] for number, point in self.all().items()}

    def payload(self, point: int | str) -> Json:
        """The payload of one point."""
        payload: Json = self.all()[point]["payload"]
        return payload
