"""The configuration in use, the pipelines chosen from it, and the ledger that a command works on."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from embedconsole.cli.output import note, say
from embedconsole.config.load import load
from embedconsole.config.paths import ledger_url, log_path
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.ops.log_file import open_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from embedconsole.config.load import Loaded
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.config.sections.metrics import MetricsConfig
    from embedconsole.config.types import LogLevel
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ops.monitor import Monitor


class Source(Protocol):
    """Gives the configuration in use."""

    @property
    def command(self) -> str:
        """The command line that uses this configuration, for hints."""
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
    """The options of the group and of its command combined; they may be before or after the command."""

    source: Source = field(default_factory=FileSource)
    config: Path | None = None
    pipelines: tuple[str, ...] = ()
    as_json: bool = False
    verbose: bool = False
    log_level: LogLevel | None = None

    def loaded(self) -> Loaded:
        """The configuration in use; its notes are written to stderr."""
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
        """Load the configuration and choose its pipelines."""
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
    """Open the session's log; one that can't be written is reported and does not stop the command."""
    try:
        open_log(session.loaded.settings.log, session.log_path, form=form, level=invocation.log_level)
    except OSError as error:
        say(f"No log is written: {error}. Set log.path to a file that can be written.")
    return session


@dataclass(frozen=True, slots=True)
class Session:
    """The configuration in use.

    Attributes:
        metrics: As configured, or as the flags say.
        command: The command line that uses this configuration, for hints: "embedconsole" or
            "embedconsole demo".
    """

    loaded: Loaded
    pipelines: Sequence[Pipeline]
    metrics: MetricsConfig
    command: str = "embedconsole"

    @property
    def names(self) -> list[str]:
        """The names of the chosen pipelines."""
        return [pipeline.name for pipeline in self.pipelines]

    @property
    def ledger_url(self) -> str:
        """The ledger's URL, with its password."""
        return ledger_url(self.loaded.settings)

    @property
    def log_path(self) -> Path:
        """The log file."""
        return log_path(self.loaded.settings)

    @contextmanager
    def opened_ledger(self) -> Iterator[Ledger | None]:
        """The ledger, or None where nothing has ever run."""
        # It imports SQLAlchemy, which the console and half of the commands can do without.
        from embedconsole.ledger.ledger import ledger_exists, open_ledger

        if not ledger_exists(self.ledger_url):
            yield None
            return
        with open_ledger(self.ledger_url) as ledger:
            yield ledger

    def monitor(self, *, patience: float | None) -> Monitor:
        """The metrics and notifications of this process, as configured.

        Args:
            patience: Seconds for which the ledger may be away before operators are notified; None: for ever.

        Raises:
            ConfigError: apprise is not installed.
        """
        from embedconsole.ops.monitor import Monitor
        from embedconsole.ops.notifier import open_notifier
        from embedconsole.ops.watcher import Watcher

        notifier = open_notifier(self.loaded.settings.notify, self.ledger_url, self.command)
        if notifier is None and self.metrics.listen is None and self.metrics.file is None:
            return Monitor(None, self.metrics, say)
        return Monitor(Watcher(self.pipelines, self.ledger_url, notifier, patience), self.metrics, say)


def open_session(
    loaded: Loaded,
    names: Sequence[str],
    *,
    chunk_size: int | None = None,
    workers: int | None = None,
    metrics_listen: str | None = None,
    metrics_file: Path | None = None,
    command: str = "embedconsole",
) -> Session:
    """Choose pipelines; flags win over the settings of a pipeline.

    Raises:
        ConfigError: a name is unknown.
    """
    pipelines = resolve_pipelines(loaded.settings, names)
    if chunk_size is not None:
        pipelines = [replace(pipeline, chunk_size=chunk_size) for pipeline in pipelines]
    if workers is not None:
        pipelines = [replace(pipeline, workers=workers) for pipeline in pipelines]
    given = {"listen": metrics_listen, "file": metrics_file}
    metrics = loaded.settings.metrics.model_copy(
        update={name: value for name, value in given.items() if value is not None}
    )
    return Session(loaded, pipelines, metrics, command)
