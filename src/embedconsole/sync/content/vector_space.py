"""The vector space of a pipeline: vector names and embedder identities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.ledger.records.items import Generation


_REINDEX = "Build the new collection next to the old one with embedconsole reindex"
SAME_SIZE = f"{_REINDEX}, or embed everything again in place with `embedconsole run --force`."
ANY_SIZE = (
    f"{_REINDEX}, or, if the new vectors have the size of the old ones, embed everything again in place with "
    "`embedconsole run --force`."
)


def another_size(field: str, have: str, want: str) -> str:
    """The remedy where the collection can't take the new vectors."""
    return f"{_REINDEX}: {field} is {have} there, and the new model makes {want}."


def space_of(identities: Mapping[str, str]) -> str:
    """The space as canonical JSON, from vector name to embedder identity.

    The size is not part of it: where it is an embedder's choice it is in the identity, and what the
    collection has is checked against every reply.
    """
    return json.dumps(dict(sorted(identities.items())), separators=(",", ":"))


def identities_in(space: str) -> dict[str, str]:
    """The identities that `space_of` was made of."""
    found: dict[str, str] = json.loads(space)
    return found


def covers(noted: str, space: str) -> bool:
    """Whether vectors of both may share a collection: the second has all of the first, and maybe more."""
    return identities_in(noted).items() <= identities_in(space).items()


def check_space(pipeline: str, generation: Generation, space: str, remedies: str = ANY_SIZE) -> None:
    """Refuse to mix the vectors of two models in one collection; further vectors mix with nothing.

    Args:
        remedies: What the operator can do, by what is known of the sizes.

    Raises:
        ConfigError: the generation's vectors are of another space.
    """
    if not covers(generation.space, space):
        raise ConfigError(
            f"pipeline {pipeline}: its collection {generation.collection} was filled with "
            f"{_names(generation.space)}, the configuration now says {_names(space)}; vectors of two models "
            f"can't be searched together. {remedies}"
        )


def _names(space: str) -> str:
    return ", ".join(f"{name}: {value}" if name else value for name, value in identities_in(space).items())
