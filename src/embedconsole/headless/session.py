"""What the commands work on: the configuration in use and the pipelines chosen from it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedconsole.config.paths import ledger_url, log_path
from embedconsole.config.pipeline import resolve_pipelines

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embedconsole.config.load import Loaded
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.config.sections.metrics import MetricsConfig


@dataclass(frozen=True, slots=True)
class Session:
    """The configuration in use.

    Attributes:
        metrics: As configured, or as the flags say.
        command: How the operator calls us with this configuration, for hints: "embedconsole" or
            "embedconsole demo".
    """

    loaded: Loaded
    pipelines: Sequence[Pipeline]
    metrics: MetricsConfig
    command: str = "embedconsole"

    @property
    def names(self) -> list[str]:
        """Those of the pipelines chosen."""
        return [pipeline.name for pipeline in self.pipelines]

    @property
    def ledger_url(self) -> str:
        """The ledger's URL, with its password."""
        return ledger_url(self.loaded.settings)

    @property
    def log_path(self) -> Path:
        """The log file."""
        return log_path(self.loaded.settings)


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
    """Choose pipelines; flags win over what a pipeline says itself.

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
