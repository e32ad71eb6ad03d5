"""The pictures of a call's inputs, fetched by us: each once, and each missing one with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio
import numpy as np

from embedconsole.faults import BadInput, Transient
from embedconsole.items import Embedded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embedconsole.pictures.fetcher import PictureFetcher
    from embedconsole.pictures.inspect import Picture


@dataclass(slots=True)
class Fetched:
    """What came of references.

    Attributes:
        pictures: Reference to its picture.
        rejected: Reference to why there is none.
        postponed: Reference to why there is none now.
    """

    pictures: dict[str, Picture] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    postponed: dict[str, str] = field(default_factory=dict)

    def reasons(self, images: Mapping[int, str]) -> dict[int, str]:
        """Why inputs are rejected, given which reference each has."""
        return {at: self.rejected[image] for at, image in images.items() if image in self.rejected}

    def delays(self, images: Mapping[int, str]) -> dict[int, str]:
        """Why inputs are postponed, given which reference each has."""
        return {at: self.postponed[image] for at, image in images.items() if image in self.postponed}


async def fetch_all(fetcher: PictureFetcher, references: Iterable[str]) -> Fetched:
    """Fetch pictures side by side; a reference that several inputs share is fetched once."""
    fetched = Fetched()

    async def fetch(reference: str) -> None:
        try:
            fetched.pictures[reference] = await fetcher.fetch(reference)
        except BadInput as fault:
            fetched.rejected[reference] = fault.message
        except Transient as fault:
            fetched.postponed[reference] = fault.message

    async with anyio.create_task_group() as group:
        for reference in dict.fromkeys(references):
            group.start_soon(fetch, reference)
    return fetched


def spread(
    embedded: Embedded,
    places: Sequence[int],
    count: int,
    *,
    rejected: Mapping[int, str],
    postponed: Mapping[int, str],
) -> Embedded:
    """What some inputs of a call came to, as the answer to all of them.

    Args:
        embedded: The answer to the inputs at `places`.
        count: How many inputs the call has.
        rejected, postponed: Why the other inputs, by their index, were not embedded.
    """
    vectors = np.zeros((count, embedded.vectors.shape[1]), dtype=np.float32)
    vectors[list(places)] = embedded.vectors
    said = {places[index]: reason for index, reason in embedded.rejected.items()}
    later = {places[index]: reason for index, reason in embedded.postponed.items()}
    return Embedded(vectors, {**rejected, **said}, embedded.requests, {**postponed, **later})
