"""The environment variables that a configuration refers to, and what they hold while it is made."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from embedconsole.config.interpolate import expand
from embedconsole.faults import ConfigError
from embedconsole.redact import MASK

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REFERENCE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?")


@dataclass(slots=True)
class Variables:
    """What the file leaves to the environment.

    Attributes:
        environ: What the tests and the dry run see: the real environment and what was typed. Holds secrets.
        lenient: Variables need not be set yet; something of their kind stands in for them.
        described: Name to what it is, in the order of the file.
        shown: Those that were typed, with their value as it may be shown.
    """

    environ: dict[str, str]
    lenient: bool = False
    described: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)

    def is_set(self, name: str) -> bool:
        """Whether the variable has a value."""
        return bool(self.environ.get(name))

    def refer(self, name: str, what: str, *, stand_in: str) -> str:
        """A reference to a variable that has to be set.

        Args:
            stand_in: A value of its kind.

        Raises:
            ConfigError: it is not.
        """
        if not self.is_set(name):
            if not self.lenient:
                raise ConfigError(f"the environment variable {name} is not set here")
            self.environ[name], self.shown[name] = stand_in, "..."
        self.described[name] = what
        return f"${{{name}}}"

    def refer_if_set(self, name: str, what: str) -> str:
        """A reference to a variable that need not be set."""
        self.described[name] = what
        return f"${{{name}:-}}"

    def keep(self, name: str, value: str, shown: str, what: str) -> str:
        """Leave a value that was typed to the environment; returns the reference."""
        self.environ[name] = value
        self.shown[name] = shown
        return self.refer(name, what, stand_in=value)

    def value(self, written: str) -> str:
        """What stands behind a value as written. Raises `ConfigError` when a variable is missing."""
        return expand(written, self.environ)

    def drop_unused(self, text: str) -> None:
        """Forget the variables that a configuration does not refer to: of answers that were changed."""
        for name in [name for name in self.described if f"${{{name}" not in text]:
            del self.described[name]
            self.shown.pop(name, None)

    def exports(self, environ: Mapping[str, str]) -> list[str]:
        """The shell lines that set what this environment lacks; secrets in them are masked."""
        return [
            f"export {name}={shlex.quote(shown)}" + ("   # with the secret" if MASK in shown else "")
            for name, shown in self.shown.items()
            if environ.get(name) != self.environ[name]
        ]


def variable_name(text: str) -> str:
    """A variable's name, as `NAME`, `$NAME` or `${NAME}`.

    Raises:
        ConfigError: it is none.
    """
    match = _REFERENCE.fullmatch(text) or _NAME.fullmatch(text)
    if match is None:
        raise ConfigError("should be the name of an environment variable")
    return match[match.lastindex or 0]


def as_reference(text: str) -> str | None:
    """The variable that `$NAME`, `${NAME}` or a bare NAME in capitals refers to; None of other text."""
    match = _REFERENCE.fullmatch(text)
    if match is not None:
        return match[1]
    return text if _NAME.fullmatch(text) and text == text.upper() else None
