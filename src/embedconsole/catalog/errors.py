"""What the catalog's database raises, as faults of the catalog."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from embedconsole.sqlfaults import database_fault

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def faults(*secrets: str, source: str = "catalog") -> Iterator[None]:
    """Turn what a database raises inside the block into `Transient` or `Refused`.

    Args:
        secrets: What must not appear in a message: the password of the URL.
        source: Who failed, and the configuration's section that its remedies name.
    """
    try:
        yield
    except (SQLAlchemyError, ImportError) as error:
        raise database_fault(source, error, secrets=secrets) from error
