"""The pictures of a call's inputs, fetched by us: each once, and each missing one with its reason."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio
import numpy as np

from embedconsole.faults import BadInput, Transient

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from embedconsole.items import Embedded
    from embedconsole.pictures.fetcher import PictureFetcher
    from embedconsole.pictures.inspect import Picture


@dataclass(slots=True)
class FetchedPicture:
    """What came of references.

    Attributes:
        pictures: Reference to its picture.
        missing: Reference to why there is none.
        passing: Those of the missing that may be there another time.
    """

    pictures: dict[str, Picture] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    passing: set[str] = field(default_factory=set)


async def fetch_all(fetcher: PictureFetcher, references: Iterable[str]) -> FetchedPicture:
    """Fetch pictures side by side; a reference that several inputs share is fetched once."""
    fetched = FetchedPicture()

    async def fetch(reference: str) -> None:
        try:
            fetched.pictures[reference] = await fetcher.fetch(reference)
        except BadInput as fault:
            fetched.missing[reference] = fault.message
        except Transient as fault:
            fetched.missing[reference] = fault.message
            fetched.passing.add(reference)

    async with anyio.create_task_group() as group:
        for reference in dict.fromkeys(references):
            group.start_soon(fetch, reference)
    return fetched


def spread(
    embedded: Embedded, places: Sequence[int], count: int, images: Mapping[int, str], fetched: FetchedPicture
) -> Embedded:
    """What some inputs of a call came to, as the answer to all of them.

    Args:
        embedded: The answer to the inputs at `places`.
        count: How many inputs the call has.
        images: Index of an input to the reference of its picture.
        fetched: What came of those references.
    """
    vectors = np.zeros((count, embedded.vectors.shape[1]), dtype=np.float32)
    vectors[list(places)] = embedded.vectors
    said = {places[index]: reason for index, reason in embedded.rejected.items()}
    missing = {at: fetched.missing[image] for at, image in images.items() if image in fetched.missing}
    postponed = {places[index] for index in embedded.postponed}
    postponed |= {at for at, image in images.items() if image in fetched.passing}
    return replace(
        embedded,
        vectors=vectors,
        rejected=dict(sorted((missing | said).items())),
        postponed=postponed,
        refused={places[index] for index in embedded.refused},
        unasked={places[index] for index in embedded.unasked},
    )
