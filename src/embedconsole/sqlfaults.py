"""placeholder"""
from __future__ import annotations
from sqlalchemy.exc import DBAPIError
from embedconsole.faults import Fault, Transient
def database_fault(source: str, error: DBAPIError) -> Fault:
    return Transient(source, str(error.orig))
def is_conflict(error: DBAPIError) -> bool:
    return False
