"""The base of all embedders behind a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from embedconsole.embedders.base import NOTHING_TO_EMBED, blank
from embedconsole.embedders.batching import Turns
from embedconsole.embedders.vectors import checked, is_usable, normalized
from embedconsole.items import Embedded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.config.sections.embedders.http import HttpConfig
    from embedconsole.config.sections.embedders.openai import OpenAIConfig
    from embedconsole.config.sections.embedders.replicate import ReplicateConfig
    from embedconsole.config.sections.pictures import SentPictures
    from embedconsole.embedders.base import Embedder
    from embedconsole.embedders.batching import BatchAnswers, Row
    from embedconsole.embedders.transport import Service
    from embedconsole.items import EmbedInput

_NOTHING = Embedded(np.zeros((0, 0), dtype=np.float32))


class Remote:
    """An embedder behind a network: its name, its concurrency, and the check of its replies."""

    def __init__(
        self,
        name: str,
        config: HttpConfig | OpenAIConfig | ReplicateConfig,
        service: Service,
        expected_size: int | None,
    ) -> None:
        self.name = name
        self.service = service
        self.identity = config.identity
        self.concurrency = config.concurrency
        self.price_per_1000 = config.price_per_1000
        self.expected_size = expected_size
        self.proved = False
        """Whether a correct vector was received: then a fault of one item is not the set-up."""
        self.understood = False
        """Whether a reply had the right shape: then a wrong shape is caused by the input."""
        self.turns = Turns(config)
        self._batch_size = config.batch_size
        self._normalize = config.normalize

    @property
    def batch_size(self) -> int:
        """Inputs in one call, at most."""
        return self._batch_size

    async def health(self) -> None:
        """Do nothing: most services have no address for a check."""

    def result(self, count: int, answers: BatchAnswers) -> Embedded:
        """The answers for `count` inputs, checked; inputs without one had nothing to embed.

        Raises:
            BadAnswer, Refused: the reply has the wrong shape, or vectors of the wrong size.
        """
        places = sorted(answers.rows)
        rows = [answers.rows[place] for place in places]
        believed = self._believe(rows) if rows else _NOTHING
        vectors = believed.vectors
        if len(places) != count:
            width = vectors.shape[1] if rows else self.expected_size or 0
            vectors = np.zeros((count, width), dtype=np.float32)
            if rows:
                vectors[places] = believed.vectors
        rejected = dict.fromkeys(set(range(count)) - set(places), NOTHING_TO_EMBED)
        rejected |= {places[index]: reason for index, reason in believed.rejected.items()}
        return Embedded(
            vectors,
            dict(sorted((rejected | answers.unsent).items())),
            requests=answers.requests,
            postponed=frozenset(places[index] for index in believed.postponed),
            refused=frozenset(places[index] for index in believed.refused) | answers.unsent.keys(),
            unasked=frozenset(answers.unsent),
            paid=sum(row.paid for row in rows),
        )

    def usable(self, row: Row) -> bool:
        """Whether a row holds a vector that can be used."""
        return is_usable(row.value, self.expected_size)

    def _believe(self, rows: Sequence[Row]) -> Embedded:
        found = checked(
            self.service.source,
            [row.value for row in rows],
            len(rows),
            self.expected_size,
            proved=self.proved,
        )
        if len(found.rejected) < len(rows):
            self.proved = True
        said = {
            index: self.service.clean(error)
            for index in found.rejected
            if (error := rows[index].error) is not None
        }
        vectors = normalized(found.vectors) if self._normalize else found.vectors
        # What the service says of an input is final; a vector that cannot be used may be better another time.
        passing = frozenset(index for index in found.rejected if index not in said or rows[index].passing)
        return Embedded(vectors, {**found.rejected, **said}, postponed=passing, refused=found.refused)


def with_content(inputs: Sequence[EmbedInput]) -> list[int]:
    """The indices of inputs with a text or an image."""
    return [index for index, entry in enumerate(inputs) if entry.image or not blank(entry.text)]


def with_pictures(embedder: Embedder, config: SentPictures) -> Embedder:
    """The embedder, given pictures as the configuration says: their addresses, or what is at them."""
    if config.send == "reference":
        return embedder
    from embedconsole.embedders.pictures import SendsPictures

    return SendsPictures(embedder, config.limits)
