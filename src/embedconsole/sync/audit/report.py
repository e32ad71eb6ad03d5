"""The result of a verify, part by part. A part that could not be checked says why, and has no figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from embedconsole.sync.shared.verdict import DRIFT, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.collection.compare import Difference
    from embedconsole.items import JsonObject


@dataclass(frozen=True, slots=True)
class NotChecked:
    """A check that was not made.

    Attributes:
        failed: Because something was unreachable or refused us, or can't be used as configured.
        misconfigured: It failed because the configuration names what is not there.
    """

    why: str
    failed: bool = False
    misconfigured: bool = False


@dataclass(frozen=True, slots=True)
class CatalogAudit:
    """The catalog against the ledger.

    Attributes:
        missing: Rows that the ledger does not know.
        changed: Rows that it knows with other content.
        gone: Items that it lists and the catalog does not have.
        waiting: Differences that the present run is about to find.
    """

    rows: int = 0
    missing: int = 0
    changed: int = 0
    gone: int = 0
    waiting: int = 0

    @property
    def differences(self) -> Mapping[str, int]:
        """The number of each verdict."""
        return {"not in the ledger": self.missing, "changed": self.changed, "gone": self.gone}

    @property
    def drift(self) -> int:
        """The number of differences."""
        return sum(self.differences.values())


@dataclass(frozen=True, slots=True)
class CollectionAudit:
    """The ledger against the collection.

    Attributes:
        exists: Whether there is a collection.
        counts: Points and items by verdict.
        examples: Some keys of what is not as it should be.
    """

    exists: bool
    points: int = 0
    items: int = 0
    counts: Mapping[Verdict, int] = field(default_factory=dict)
    examples: Mapping[Verdict, tuple[str, ...]] = field(default_factory=dict)

    @property
    def differences(self) -> Mapping[str, int]:
        """The number of each verdict."""
        return {str(verdict): self.counts.get(verdict, 0) for verdict in DRIFT}

    @property
    def drift(self) -> int:
        """The number of differences."""
        return sum(self.differences.values())


@dataclass(frozen=True, slots=True)
class SchemaAudit:
    """The collection against the configuration, as `init` compares them."""

    differences: tuple[Difference, ...] = ()

    @property
    def drift(self) -> int:
        """The number of differences; indexes that the configuration does not name are none."""
        return sum(one.blocking or one.want is not None for one in self.differences)


@dataclass(frozen=True, slots=True)
class VectorAudit:
    """A sample of the vectors against the embedders.

    Attributes:
        sampled: Items whose vectors were compared.
        differing: Items of which one is not what its embedder answers now.
        lowest: The lowest cosine similarity; None where nothing was compared.
    """

    sampled: int = 0
    differing: int = 0
    lowest: float | None = None

    @property
    def drift(self) -> int:
        """The number of differences."""
        return self.differing


Part: TypeAlias = "CatalogAudit | CollectionAudit | SchemaAudit | VectorAudit | NotChecked"


@dataclass(frozen=True, slots=True)
class Audit:
    """The result of a verify for one pipeline."""

    catalog: CatalogAudit | NotChecked
    collection: CollectionAudit | NotChecked
    schema: SchemaAudit | NotChecked
    vectors: VectorAudit | NotChecked
    seconds: float = 0.0

    @property
    def parts(self) -> Mapping[str, Part]:
        """Its parts by the words of `--json`."""
        return {
            "catalog": self.catalog,
            "collection": self.collection,
            "schema": self.schema,
            "vectors": self.vectors,
        }

    @property
    def failed(self) -> tuple[str, ...]:
        """Why parts could not be checked that should have been."""
        return tuple(part.why for part in self._failed_parts)

    @property
    def misconfigured(self) -> bool:
        """Whether parts could not be checked for no other reason than the configuration."""
        failed = self._failed_parts
        return bool(failed) and all(part.misconfigured for part in failed)

    @property
    def _failed_parts(self) -> list[NotChecked]:
        return [part for part in self.parts.values() if isinstance(part, NotChecked) and part.failed]

    @property
    def drift(self) -> int | None:
        """The number of differences; None where that is not known."""
        if self.failed:
            return None
        return sum(0 if isinstance(part, NotChecked) else part.drift for part in self.parts.values())

    @property
    def known_drift(self) -> int:
        """The number of known differences."""
        return sum(0 if isinstance(part, NotChecked) else part.drift for part in self.parts.values())

    @property
    def in_words(self) -> str:
        """The known differences in words: "3 missing, 1 stale"."""
        words = []
        for name, part in self.parts.items():
            if isinstance(part, (CatalogAudit, CollectionAudit)):
                words += [f"{count:,} {how}" for how, count in part.differences.items() if count]
            elif not isinstance(part, NotChecked) and part.drift:
                words.append(f"{part.drift:,} of the {name}")
        return ", ".join(words)

    def as_json(self) -> JsonObject:
        """The object that `--json` prints for the pipeline, and the ledger keeps."""
        parts: JsonObject = {name: _part_json(part) for name, part in self.parts.items()}
        return {"drift": self.drift, **parts, "seconds": round(self.seconds, 3)}


def _part_json(part: Part) -> JsonObject:
    if isinstance(part, NotChecked):
        return {"checked": False, "why": part.why}
    if not isinstance(part, CollectionAudit):
        return {"checked": True, **asdict(part)}
    counts: JsonObject = {str(verdict): part.counts.get(verdict, 0) for verdict in Verdict}
    examples: JsonObject = {str(verdict): list(keys) for verdict, keys in part.examples.items()}
    figures: JsonObject = {"exists": part.exists, "points": part.points, "items": part.items}
    return {"checked": True, **figures, **counts, "examples": examples}
