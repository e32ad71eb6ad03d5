"""Where all paths have their inputs embedded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson
from fastapi import HTTPException, Response

from embedconsole.service.embedding import InputRejection, embed_each

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import Request

    from embedconsole.embedders.base import Embedder
    from embedconsole.items import EmbedInput
    from embedconsole.service.admission import Admission
    from embedconsole.service.embedder import Served
    from embedconsole.service.embedding import Answer
    from embedconsole.service.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Desk:
    """The embedder, its slots and what is counted."""

    served: Served
    admission: Admission
    metrics: Metrics

    async def answers(
        self, request: Request, inputs: Sequence[EmbedInput], *, embedder: Embedder | None = None
    ) -> list[Answer]:
        """An answer for each input, once it is this request's turn.

        Args:
            embedder: Another than the usual one.

        Raises:
            HTTPException: The client did not wait for it.
            Throttled, Transient, Refused: The embedder can't.
        """
        async with self.admission.slots:
            if await request.is_disconnected():
                raise HTTPException(503, "the client has left")
            answers = await embed_each(embedder or self.served.embedder, inputs)
        failed = sum(isinstance(answer, InputRejection) for answer in answers)
        self.metrics.items.inc(len(answers) - failed)
        self.metrics.errors.inc(failed)
        if embedder is None and failed < len(answers):
            vector = next(answer for answer in answers if not isinstance(answer, InputRejection))
            self.served.dimensions = vector.shape[0]
        return answers


def vectors_reply(body: object) -> Response:
    """JSON with vectors in it, as they are."""
    return Response(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")
