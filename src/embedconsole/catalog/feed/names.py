"""Names of the feed's tables, triggers and functions in the user's database. Pure.

A feed is named after its pipeline and a source after its table, in letters that need no quoting anywhere;
where the name itself is not such, or is too long, a digest keeps two of them apart. PostgreSQL takes 63
characters, MySQL 64. No feed's name has an underscore, so that no prefix is the beginning of another's.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedconsole.catalog.query_source import TableName

PREFIX = "embedconsole_"
OUTBOX = f"{PREFIX}outbox"
CHANNEL = f"{PREFIX}feed"
"""PostgreSQL's channel; the payload is the feed's name."""

FEED_LENGTH, SOURCE_LENGTH = 16, 27
_DIGEST = 6


def feed_name(pipeline: str) -> str:
    """The name of a pipeline's feed: `products`."""
    if re.fullmatch(rf"[a-z0-9]{{1,{FEED_LENGTH}}}", pipeline):
        return pipeline
    return re.sub("[^a-z0-9]", "", pipeline.lower())[: FEED_LENGTH - _DIGEST] + _digest(pipeline)


def source_name(table: TableName) -> str:
    """The name of a watched table: `product_images`."""
    written = str(table)
    if re.fullmatch(rf"[a-z0-9_]{{1,{SOURCE_LENGTH}}}", written):
        return written
    kept = re.sub("[^a-z0-9_]", "_", written.lower())[: SOURCE_LENGTH - _DIGEST - 1]
    return f"{kept}_{_digest(written)}"


def feed_prefix(feed: str) -> str:
    """The prefix of every name that belongs to a feed."""
    return f"{PREFIX}{feed}_"


def part_name(feed: str, source: str, event: str = "") -> str:
    """`embedconsole_products_product_images_upd`; without an event the function behind the triggers."""
    return f"{feed_prefix(feed)}{source}" + (f"_{event}" if event else "")


def _digest(name: str) -> str:
    return blake2b(name.encode(), digest_size=_DIGEST // 2).hexdigest()
