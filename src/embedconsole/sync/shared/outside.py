"""Whose fault an error is: the outside world's and the configuration's are told, our own is a bug. Pure."""

from __future__ import annotations

from embedconsole.faults import ConfigError, Fault


def from_outside(error: BaseException) -> ConfigError | Fault | None:
    """What the outside world or the configuration did wrong; None when the fault is our own."""
    if isinstance(error, (ConfigError, Fault)):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [from_outside(inner) for inner in error.exceptions]
        return found[0] if all(inner is not None for inner in found) else None
    return None
