"""Made-up collections to look at."""

from __future__ import annotations

from dataclasses import replace

from console.samples import EVIL, GREEN, WALL
from embedconsole.collection.compare import Difference
from embedconsole.items import Naming, Optimization, Optimizations, VectorSpec
from embedconsole.ledger.records.history import AuditRecord
from embedconsole.sync.inspect.collection import Survey

COVERED = {"title": 987_655, "category": 987_655, "price": 961_020, "in_stock": 987_655}
INDEXES = {"title": "text", "category": "keyword", "price": "float", "in_stock": "bool"}

READY = Survey(
    state=replace(GREEN, indexed_points=COVERED),
    vectors=GREEN.vectors,
    indexes=INDEXES,  # type: ignore[arg-type]
    naming=Naming("products"),
    optimizations=Optimizations(),
)

MISSING = Survey(None, {"": VectorSpec(512, "cosine")}, (), INDEXES)  # type: ignore[arg-type]

OPTIMIZING = replace(
    READY,
    state=replace(
        GREEN, status="yellow", indexed_vectors=700_000, queue=1_204, disk_bytes=None, indexed_points=COVERED
    ),
    naming=Naming("products_v3", ("products", "shop")),
    optimizations=Optimizations(
        running=(
            Optimization("indexing", "main_graph", 61_204, 98_004, segments=3, points=98_004),
            Optimization("merge", "copy_data", None, None, segments=5, points=12_400),
        ),
        queued=2,
        queued_points=40_000,
    ),
)

DIFFERING = Survey(
    state=replace(
        GREEN,
        points=987_668,
        vectors={"text": VectorSpec(768, "dot"), "sound": VectorSpec(64, "cosine")},
        indexes={"title": "keyword", "category": "keyword", "legacy": "integer"},
        indexed_points={"title": 987_668, "category": 987_668, "legacy": 12},
    ),
    vectors={"text": VectorSpec(512, "cosine")},
    asks=("image",),
    indexes=INDEXES,  # type: ignore[arg-type]
    differences=(
        Difference("vectors.image", "cosine", "text, sound", True, "create another collection"),
        Difference("vectors.text.size", "512", "768", True, "create another collection"),
        Difference("vectors.text.distance", "cosine", "dot", True, "create another collection"),
        Difference("indexes.in_stock", "bool", None, False, "`embedconsole init` adds it"),
        Difference("indexes.legacy", None, "integer", False, "nothing to do"),
        Difference("indexes.price", "float", None, False, "`embedconsole init` adds it"),
        Difference("indexes.title", "text", "keyword", False, "change the configuration, or drop the index"),
    ),
    naming=None,
)

BROKEN = replace(
    READY,
    state=replace(
        GREEN, status="red", optimizer_error="No space left on device", warnings=("strict mode is off",)
    ),
    optimizations=Optimizations(queued=4, queued_points=90_000),
)

AUDITS = (
    AuditRecord(
        WALL - 7200,
        "products",
        {
            "drift": 21,
            "collection": {
                "checked": True,
                "missing": 12,
                "stale": 1,
                "orphaned": 7,
                "examples": {"missing": ["3", "4"]},
            },
            "catalog": {"checked": True, "missing": 0, "changed": 1, "gone": 0},
            "schema": {"checked": True, "differences": []},
            "vectors": {"checked": False, "why": "ask for it with --sample K"},
        },
    ),
    AuditRecord(WALL - 9000, "products", {"drift": 0}),
    AuditRecord(
        WALL - 90_000,
        "products",
        {"drift": None, "collection": {"checked": False, "why": "Qdrant: collection products is away"}},
    ),
    AuditRecord(WALL - 190_000, "products", {"drift": 1_204}),
)

DRIFTING = replace(READY, audits=AUDITS)

HOSTILE = replace(
    OPTIMIZING,
    state=replace(
        GREEN,
        status=EVIL,
        vectors={EVIL: VectorSpec(3, "dot")},
        indexes={EVIL: EVIL, "x" * 200: "text", "日本語の索引" * 9: "keyword"},
        warnings=(EVIL,),
        optimizer_error=EVIL,
        indexed_points={EVIL: 10**15},
    ),
    naming=Naming(EVIL, (EVIL, "products")),
    optimizations=Optimizations(running=(Optimization(EVIL, EVIL, 10**12, 10**13, 1, 10**12),), queued=10**9),
    audits=(AuditRecord(WALL - 300, "products", {"collection": {"checked": False, "why": EVIL}}),),
)
