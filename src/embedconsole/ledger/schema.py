"""The ledger's tables.

Times are integers: milliseconds since 1970 by the database's own clock (`clock.now_ms`), because the
clocks of the hosts that share a ledger disagree. Hashes are 16 bytes. What the columns mean for the work to
do is in docs/architecture.md. Names carry a prefix, because the ledger may share a shop's database.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from embedconsole.ledger.dialect import FixedBytes, ForeignText, LongBytes, LongText
from embedconsole.ledger.failure_causes import CAUSE_BYTES
from embedconsole.ledger.state import HASH_BYTES, Stage

POINT_BYTES = 17


metadata = MetaData()

_Id = BigInteger().with_variant(Integer, "sqlite")
_Long = LongText()


generations = Table(
    "embedconsole_generations",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("pipeline", String(190), nullable=False),
    Column("collection", String(500), nullable=False),
    Column("space", Text, nullable=False),
    Column("watermark", Text),
    Column("full_scan_at", BigInteger),
    Column("retired_at", BigInteger),
    # The collection's own name, where `collection` is the alias of it that is configured; else NULL.
    Column("target", String(500)),
    Column("stage", String(10), nullable=False, server_default=Stage.LIVE.value),
    # How its content is made, without secrets (JSON, `sync.content.recipe_record`), for as long as it
    # outlives the configuration that it was made by.
    Column("recipe", _Long),
    # The indexing threshold to set back, while a fill has Qdrant build no index.
    Column("deferred", BigInteger),
    # Where the collection is, without credentials; NULL in a ledger of 0.1 until its first run.
    Column("address", Text),
    # When a run last noted that it is in use, about once a day; NULL until its collection was looked at.
    Column("used_at", BigInteger),
    # Its content is made another way than when its catalog was last scanned to the end.
    Column("remade", SmallInteger, nullable=False, server_default="0"),
    Index("ix_embedconsole_generations_pipeline", "pipeline"),
)
"""One filling of one collection by one pipeline. `space` is what makes its vectors comparable (JSON).

One generation is live for each collection of a pipeline, known by its address and name.
"""

items = Table(
    "embedconsole_items",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("generation_id", BigInteger, nullable=False),
    # The point's id in a form that sorts as Qdrant sorts; the key's stand-in, since no two databases agree on
    # how text compares, and a key may be longer than an index takes.
    Column("point", FixedBytes(POINT_BYTES), nullable=False),
    Column("key", _Long, nullable=False),
    # Why it was last given work (`state.Reason`); NULL in a ledger of 0.1. It precedes the columns that it
    # follows from: MySQL sets columns in this order, and reads what it has set.
    Column("reason", SmallInteger),
    # Of the row as it was read when this was last planned: while it is the same, nothing has to be compared.
    Column("source_hash", FixedBytes(HASH_BYTES)),
    Column("desired_embed_hash", FixedBytes(HASH_BYTES)),
    Column("desired_payload_hash", FixedBytes(HASH_BYTES)),
    Column("synced_embed_hash", FixedBytes(HASH_BYTES)),
    Column("synced_payload_hash", FixedBytes(HASH_BYTES)),
    Column("state", SmallInteger, nullable=False),
    # When it may be claimed next. A claim moves it to the end of its lease, so that an item whose worker died
    # becomes due again by itself: no rescue job.
    Column("due_at", BigInteger, nullable=False),
    Column("batch_id", BigInteger),
    Column("attempts", SmallInteger, nullable=False, default=0),
    Column("error_class", String(20)),
    Column("error", ForeignText()),
    Column("failed_at", BigInteger),
    # How often a process died while working on it, since it was last settled.
    Column("crashes", SmallInteger, nullable=False, server_default="0"),
    # Of FAILED items only; `failure_causes` computes it.
    Column("cause", FixedBytes(CAUSE_BYTES)),
    UniqueConstraint("generation_id", "point", name="uq_embedconsole_items_point"),
    # Exactly the claim's WHERE and ORDER BY: with any other index MySQL locks every candidate.
    Index("ix_embedconsole_items_work", "generation_id", "state", "due_at", "id"),
    # Failures by cause without reading them; only those, where the database can. Migration 0002 says so: here
    # it would import the dialects of databases that are not used.
    Index("ix_embedconsole_items_cause", "generation_id", "cause", "failed_at", "id"),
    # What a batch holds, for the batches of processes that are gone; only held items, where the database can
    # (migration 0013).
    Index("ix_embedconsole_items_batch", "batch_id"),
    sqlite_autoincrement=True,
)
"""An item a row: the content its point should have (desired) and the content it has (synced).

A desired hash of NULL means: gone from the catalog. A synced hash of NULL means: not in the collection, and
one of zeros (`states.UNKNOWN`): to be written again, whatever the point holds.
"""

batches = Table(
    "embedconsole_batches",
    metadata,
    # The id is the lease's token: it only grows, so a late worker can never look like the present one.
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("generation_id", BigInteger, nullable=False),
    Column("worker_id", String(120), nullable=False),
    Column("slot", SmallInteger, nullable=False),
    Column("work", SmallInteger, nullable=False),
    Column("stage", String(10), nullable=False),
    Column("item_count", Integer, nullable=False),
    Column("attempt", SmallInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("stage_at", BigInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Index("ix_embedconsole_batches_generation", "generation_id"),
    sqlite_autoincrement=True,
)
"""The batches in flight, of every process that shares the ledger."""

deletions = Table(
    "embedconsole_deletions",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("generation_id", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("wanted", BigInteger, nullable=False),
    Index("ix_embedconsole_deletions_at", "generation_id", "at"),
    sqlite_autoincrement=True,
)
"""Items marked as gone within the last hour, and the number planned before that."""

leases = Table(
    "embedconsole_leases",
    metadata,
    Column("name", String(190), primary_key=True),
    Column("owner", String(120)),
    Column("term", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)
"""The process that runs a pipeline now. `term` grows with each owner and fences the one before."""

workers = Table(
    "embedconsole_workers",
    metadata,
    Column("id", String(120), primary_key=True),
    Column("host", String(120), nullable=False),
    Column("place", String(120), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String(40), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("role", String(20), nullable=False, server_default=""),
    Column("status", _Long),
)
"""The running processes. `place` says whether a pid can be looked up from here (boot and pid namespace).

`status` is what a process does, as JSON (`sync.observe.process_status` writes it).
"""

orders = Table(
    "embedconsole_orders",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("verb", String(20), nullable=False),
    Column("arguments", _Long, nullable=False),
    Column("sender", String(120), nullable=False),
    Column("taken_at", BigInteger),
    Column("taken_by", String(120)),
    Column("answer", ForeignText()),
    sqlite_autoincrement=True,
)
"""Requests of operators to the daemon on this ledger. `answer` is why it could not be done, in words."""

samples = Table(
    "embedconsole_samples",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("pipeline", String(190), nullable=False),
    Column("worker_id", String(120), nullable=False),
    Column("done", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("picture", _Long),
    Index("ix_embedconsole_samples_at", "pipeline", "at"),
    sqlite_autoincrement=True,
)
"""The work of each process since its last sample, and now and then a snapshot of the whole (JSON)."""

runs = Table(
    "embedconsole_runs",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("worker_id", String(120), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", String(20)),
    Column("report", _Long),
    Index("ix_embedconsole_runs_started", "started_at"),
    sqlite_autoincrement=True,
)
"""The passes of plan and work; `report` is the JSON that `--json` prints."""

events = Table(
    "embedconsole_events",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("pipeline", String(190)),
    Column("level", String(10), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("key", _Long),
    Column("message", ForeignText(), nullable=False),
    Index("ix_embedconsole_events_at", "at"),
    sqlite_autoincrement=True,
)
"""Events for the console's log; pruned to the newest ones."""

vectors = Table(
    "embedconsole_vectors",
    metadata,
    Column("generation_id", BigInteger, primary_key=True, autoincrement=False),
    Column("embed_hash", FixedBytes(HASH_BYTES), primary_key=True),
    Column("vector", LongBytes(), nullable=False),
    Column("kept_at", BigInteger),
)
"""Embeddings paid for and kept: until the collection has them, or always with `keep_vectors`."""

gates = Table(
    "embedconsole_gates",
    metadata,
    Column("key", String(190), primary_key=True),
    Column("name", String(190), nullable=False),
    Column("state", String(10), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("fault", ForeignText()),
    Column("holder", String(120)),
    # Grows with every change, so that no process takes an old state for news.
    Column("change", BigInteger, nullable=False),
)
"""Dependencies that throttle or fail, shared by all processes. `key` is the dependency's
address and model; `holder` is who probes."""

audits = Table(
    "embedconsole_audits",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("pipeline", String(190), nullable=False),
    Column("outcome", _Long, nullable=False),
    Index("ix_embedconsole_audits_pipeline", "pipeline", "id"),
    sqlite_autoincrement=True,
)
"""The result of each `verify` as JSON (`sync.audit.report` writes it); pruned to the newest ones."""

rechecks = Table(
    "embedconsole_doubts",
    metadata,
    Column("id", _Id, primary_key=True, autoincrement=True),
    Column("generation_id", BigInteger, nullable=False),
    Column("key", _Long, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Index("ix_embedconsole_doubts_due", "generation_id", "due_at"),
    sqlite_autoincrement=True,
)
"""Items whose point may have been written by a worker that had lost the lease: to be looked at once all such
writes must have ended. No reference to the item: the row may be gone, and the point be back."""

incidents = Table(
    "embedconsole_incidents",
    metadata,
    Column("name", String(190), primary_key=True),
    Column("opened_at", BigInteger, nullable=False),
    # NULL while it lasts. A closed one stays until its end was notified.
    Column("closed_at", BigInteger),
    # Whether operators were notified: the end of an incident is sent only if its beginning was.
    Column("told", SmallInteger, nullable=False),
    # When the next notification of it may be sent. A claim moves it on, so that another process
    # sends the message whose sender died.
    Column("due_at", BigInteger, nullable=False),
    # Grows with every claim, and fences the sender before.
    Column("change", BigInteger, nullable=False),
    Column("text", ForeignText(), nullable=False),
)
"""Incidents that need an operator's attention, shared by all processes."""

commits = Table(
    "embedconsole_commits",
    metadata,
    Column("writer", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
)
"""The latest write number of each writer; `commits.Commits` assigns them."""
