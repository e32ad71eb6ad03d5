"""Where the commands get their configuration from: a file, or the demo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from embedconsole.config.load import load
from embedconsole.ops.log_file import open_log
from embedconsole.headless.session import open_session
from embedconsole.cli.output import note, say

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.config.load import Loaded
    from embedconsole.config.types import LogLevel
    from embedconsole.headless.session import Session


class Source(Protocol):
    """Gives the configuration in use."""

    @property
    def command(self) -> str:
        """How the operator calls us with this configuration."""
        ...

    def load(self, path: Path | None) -> Loaded:
        """Load it; `path` is that of `--config`."""
        ...


class FileSource:
    """The configuration file that `--config`, the environment or the usual places name."""

    command = "embedconsole"

    def load(self, path: Path | None) -> Loaded:
        """Find, read and check the file."""
        return load(path)


@dataclass(slots=True)
class Invocation:
    """What the options of the group and of its command add up to; options may stand before or after it."""

    source: Source = field(default_factory=FileSource)
    config: Path | None = None
    pipelines: tuple[str, ...] = ()
    as_json: bool = False
    verbose: bool = False
    log_level: LogLevel | None = None

    def loaded(self) -> Loaded:
        """The configuration in use, its notes said."""
        loaded = self.source.load(self.config)
        for text in loaded.notes:
            note(text)
        return loaded

    def session(
        self,
        *,
        chunk_size: int | None = None,
        workers: int | None = None,
        metrics_listen: str | None = None,
        metrics_file: Path | None = None,
    ) -> Session:
        """The configuration in use and the pipelines chosen."""
        return open_session(
            self.loaded(),
            self.pipelines,
            chunk_size=chunk_size,
            workers=workers,
            metrics_listen=metrics_listen,
            metrics_file=metrics_file,
            command=self.source.command,
        )


def logging_to_file(invocation: Invocation, session: Session, form: str | None = None) -> Session:
    """Open the session's log; one that can't be written is said, and is no reason not to sync."""
    try:
        open_log(session.loaded.settings.log, session.log_path, form=form, level=invocation.log_level)
    except OSError as error:
        say(f"No log is written: {error}. Set log.path to a file that can be written.")
    return session
