"""The collections of the test server and their aliases: one engine shard a collection, kept on disk."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import qdrant_edge as edge

from support.qdrant.errors import ApiError, not_found, wrong_input
from support.qdrant.jsonish import Json, Object, as_count, as_list, as_object, as_text, member

if TYPE_CHECKING:
    from pathlib import Path

DISTANCES = {
    "Cosine": edge.Distance.Cosine,
    "Dot": edge.Distance.Dot,
    "Euclid": edge.Distance.Euclid,
    "Manhattan": edge.Distance.Manhattan,
}


@dataclass
class StoredCollection:
    """One collection: its engine and the vectors' configuration as the client gave it."""

    name: str
    shard: edge.EdgeShard
    vectors: Object
    sparse_vectors: Json = None
    metadata: Json = None
    strict_mode: Object = field(default_factory=dict)
    optimizers: Object = field(default_factory=dict)
    operations: int = 0


class Store:
    """Collections and aliases under one directory.

    Args:
        root: The data directory; what an earlier process left there is loaded.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.collections: dict[str, StoredCollection] = {}
        (root / "collections").mkdir(parents=True, exist_ok=True)
        self._alias_file = root / "aliases.json"
        self.aliases: dict[str, str] = (
            json.loads(self._alias_file.read_text()) if self._alias_file.exists() else {}
        )
        for place in sorted((root / "collections").iterdir()):
            meta = place / "collection.json"
            if not meta.exists():
                shutil.rmtree(place)
                continue
            kept = json.loads(meta.read_text())
            name = unquote(place.name)
            self.collections[name] = StoredCollection(
                name,
                edge.EdgeShard.load(str(place / "shard")),
                kept["vectors"],
                kept.get("sparse_vectors"),
                kept["metadata"],
            )

    def _place(self, name: str) -> Path:
        return self.root / "collections" / quote(name, safe="")

    def resolve(self, name: str) -> StoredCollection:
        """The collection of this name or alias; 404 when there is none."""
        found = self.collections.get(self.aliases.get(name, name))
        if found is None:
            raise not_found(f"Collection `{name}` doesn't exist!")
        return found

    def exists(self, name: str) -> bool:
        return self.aliases.get(name, name) in self.collections

    def create(self, name: str, body: Object) -> None:
        if name in self.collections:
            raise ApiError(409, f"Wrong input: Collection `{name}` already exists!")
        if name in self.aliases:
            raise wrong_input(
                f"Can't create collection with name {name}. Alias with the same name already exists"
            )
        vectors = as_object(body.get("vectors") or {}, "vectors")
        sparse = body.get("sparse_vectors")
        names = as_object(sparse or {}, "sparse_vectors")
        config = edge.EdgeConfig(
            vectors=_engine_vectors(vectors),
            sparse_vectors={name: edge.EdgeSparseVectorParams() for name in names} or None,
        )
        place = self._place(name)
        (place / "shard").mkdir(parents=True)
        shard = edge.EdgeShard.create(str(place / "shard"), config)
        self.collections[name] = StoredCollection(name, shard, vectors, sparse, body.get("metadata"))
        self._keep(self.collections[name])

    def add_vector(self, collection: StoredCollection, name: str, spec: Object) -> None:
        if "size" in collection.vectors:
            raise wrong_input("Vector name must be specified")
        _engine_vectors({name: spec})  # says what is wrong with it
        size, distance = as_count(spec["size"], "size", 0), as_text(spec["distance"], "distance")
        several = edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)
        collection.shard.update(
            edge.UpdateOperation.create_dense_vector(
                name, size, DISTANCES[distance], several if spec.get("multivector_config") else None
            )
        )
        collection.vectors = {**collection.vectors, name: spec}
        collection.operations += 1
        self._keep(collection)

    def _keep(self, collection: StoredCollection) -> None:
        kept = {
            "vectors": collection.vectors,
            "sparse_vectors": collection.sparse_vectors,
            "metadata": collection.metadata,
        }
        (self._place(collection.name) / "collection.json").write_text(json.dumps(kept))

    def drop(self, name: str) -> bool:
        """Whether there was one; an alias is no collection here, as on the server."""
        found = self.collections.pop(name, None)
        if found is None:
            return False
        found.shard.close()
        shutil.rmtree(self._place(name))
        self._keep_aliases({alias: target for alias, target in self.aliases.items() if target != name})
        return True

    def change_aliases(self, actions: list[Json]) -> None:
        """All actions or none."""
        changed = dict(self.aliases)
        for entry in actions:
            action = as_object(entry, "an alias operation")
            if "create_alias" in action:
                create = as_object(action["create_alias"], "create_alias")
                target = as_text(member(create, "collection_name"), "collection_name")
                alias = as_text(member(create, "alias_name"), "alias_name")
                if target not in self.collections:
                    raise not_found(f"Collection `{target}` doesn't exist!")
                if alias in self.collections:
                    raise ApiError(409, f"Wrong input: Collection `{alias}` already exists!")
                changed[alias] = target
            elif "delete_alias" in action:
                delete = as_object(action["delete_alias"], "delete_alias")
                changed.pop(as_text(member(delete, "alias_name"), "alias_name"), None)
            else:
                rename = as_object(member(action, "rename_alias"), "rename_alias")
                old = as_text(member(rename, "old_alias_name"), "old_alias_name")
                if old not in changed:
                    raise not_found(f"Alias {old} does not exists!")
                changed[as_text(member(rename, "new_alias_name"), "new_alias_name")] = changed.pop(old)
        self._keep_aliases(changed)

    def _keep_aliases(self, aliases: dict[str, str]) -> None:
        self.aliases = aliases
        self._alias_file.write_text(json.dumps(aliases))

    def close(self) -> None:
        for collection in self.collections.values():
            collection.shard.close()


def _engine_vectors(vectors: Object) -> dict[str, edge.EdgeVectorParams]:
    named = {"": vectors} if "size" in vectors or "distance" in vectors else vectors
    params = {}
    for name, entry in named.items():
        spec = as_object(entry, "vector params")
        size = as_count(member(spec, "size"), "size", 0)
        if not 1 <= size <= 65_536:
            raise ApiError(
                422,
                "Validation error in JSON body: "
                f"[vectors.size: value {size} invalid, must be from 1 to 65536]",
            )
        distance = as_text(member(spec, "distance"), "distance")
        if distance not in DISTANCES:
            raise ApiError(
                400,
                f"Format error in JSON body: unknown variant `{distance}`, expected one of {list(DISTANCES)}",
            )
        several = spec.get("multivector_config")
        max_sim = edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)
        params[name] = edge.EdgeVectorParams(
            size, DISTANCES[distance], multivector_config=None if several is None else max_sim
        )
    return params


def alias_list(store: Store, only: str | None = None) -> Object:
    """The reply of GET aliases, for all collections or for one."""
    return {
        "aliases": [
            {"alias_name": alias, "collection_name": target}
            for alias, target in sorted(store.aliases.items())
            if only is None or target == only
        ]
    }


def alias_actions(body: Object) -> list[Json]:
    return as_list(member(body, "actions"), "actions")
