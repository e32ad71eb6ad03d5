"""Recognizes an error body of Qdrant itself, as opposed to a page of a proxy or another server."""

from __future__ import annotations

import json
import re

NO_COLLECTION = re.compile(r"Collection .* (doesn't exist|not found)", re.IGNORECASE)
"""Qdrant's message for a collection that does not exist."""


def own_error(body: bytes) -> str | None:
    """`status.error` of Qdrant's JSON; None when the body is anything else."""
    try:
        parsed: object = json.loads(body)
    except ValueError:
        return None
    status = parsed.get("status") if isinstance(parsed, dict) else None
    error = status.get("error") if isinstance(status, dict) else None
    return error if isinstance(error, str) else None
