"""What a prediction brings: vectors in the several shapes that models give them, or why there are none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from embedconsole.faults import Fault, PaidFailure, Transient

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.embedders.errors import Service

_PASSING = re.compile(
    # Replicate's codes for its own trouble, and the words it and its models have for it.
    r"\bE(?:004|1000|1001|1002|6716|8367|8765|9243|9825)\b|please (?:retry|try again)|interrupted"
    r"|out of memory|CUDA error|temporarily|unavailable|timed? ?out"
    r"|connection (?:reset|error|refused|aborted)",
    re.IGNORECASE,
)


def vectors_of(output: object, sent: Sequence[str]) -> list[object] | None:
    """The unchecked vectors of an output, one for each thing sent, in that order; None when it holds none.

    Known are `{"embedding": [...]}`, `[{"embedding": [...]}]`, `[{"input": ..., "embedding": [...]}]`,
    `{"embeddings": [...]}` and bare lists of numbers. A list that is too short or too long comes out as it
    is.
    """
    if isinstance(output, dict):
        if "embedding" in output:
            return [output["embedding"]]
        output = output.get("embeddings")
    if not isinstance(output, list):
        return None
    if output and all(isinstance(entry, (int, float)) for entry in output):
        return [output]
    if all(isinstance(entry, dict) and "embedding" in entry for entry in output):
        return [entry["embedding"] for entry in _in_order(output, sent)]
    if all(isinstance(entry, list) or entry is None for entry in output):
        return list(output)
    return None


def _in_order(entries: Sequence[dict[str, object]], sent: Sequence[str]) -> Sequence[dict[str, object]]:
    """The entries in the order of what was sent, where each names its `input`."""
    if len(entries) != len(sent) or any("input" not in entry for entry in entries):
        return entries
    by_input = {str(entry["input"]).strip(): entry for entry in entries}
    ordered = [by_input.get(line.strip()) for line in sent]
    # Another text than was sent, or none: an embedding of that is nobody's.
    return [entry if entry is not None else {"embedding": None} for entry in ordered]


def fault_of_end(service: Service, status: str, error: str | None) -> Fault:
    """Why a prediction that has ended brought nothing."""
    if status == "canceled":
        return Transient(service.source, "the prediction was cancelled before it had a result")
    said = service.clean(error or "") or "without a reason"
    if _PASSING.search(said):
        return Transient(service.source, f"the prediction failed: {said}")
    return PaidFailure(service.source, f"the prediction failed: {said}")
