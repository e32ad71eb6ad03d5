"""Several inputs in one call, though some may be bad: those fail alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedconsole.faults import BadInput

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from embedconsole.items import Embedded, EmbedInput


async def embed_isolated(
    embed: Callable[[Sequence[EmbedInput]], Awaitable[Embedded]], inputs: Sequence[EmbedInput]
) -> list[NDArray[np.float32] | str]:
    """The vector of each input, or why it has none; a refused call is halved until the bad input is alone.

    Raises:
        Throttled, Transient, Refused: As `embed` does; nothing is answered then.
    """
    try:
        embedded = await embed(inputs)
    except BadInput as fault:
        if len(inputs) == 1:
            return [fault.message]
        middle = len(inputs) // 2
        return [*await embed_isolated(embed, inputs[:middle]), *await embed_isolated(embed, inputs[middle:])]
    rejected = embedded.rejected
    return [rejected[index] if index in rejected else embedded.vectors[index] for index in range(len(inputs))]
