"""What `embedconsole serve` needs of a configuration: `embedders` and `service`, nothing of the pipelines.

So a host that only embeds has no catalog and no collection to configure, and where it shares a file with
those that sync, it needs no variable of theirs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from embedconsole.config.load import checked, find_any
from embedconsole.config.overrides import Layered, with_environment, with_flags
from embedconsole.config.sections.base import Section
from embedconsole.config.sections.embedder import EmbedderConfig
from embedconsole.config.sections.service import ServiceConfig
from embedconsole.config.types import Name
from embedconsole.config.yaml_source import read_source
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedconsole.config.yaml_source import Tree


class ServiceSettings(Section):
    """The part of the tree that a service uses."""

    embedders: Annotated[dict[Name, EmbedderConfig], Field(min_length=1)]
    service: ServiceConfig = ServiceConfig()

    def chosen(self) -> str:
        """The name of the embedder to serve.

        Raises:
            ConfigError: None of that name, or several and none is named.
        """
        name, known = self.service.embedder, ", ".join(self.embedders)
        if name is None and len(self.embedders) > 1:
            raise ConfigError(f"name the embedder to serve, by --embedder or service.embedder: {known}")
        if name is not None and name not in self.embedders:
            raise ConfigError(f"service.embedder: no embedder {name!r}; known: {known}")
        return name or next(iter(self.embedders))


_WITHOUT_A_FILE: dict[str, Tree] = {"embedders": {"hashing": {"type": "hashing"}}}


def load_service_settings(
    path: Path | None,
    overrides: Mapping[str, object],
    *,
    environ: Mapping[str, str] = os.environ,
    cwd: Path | None = None,
) -> ServiceSettings:
    """Find and read the configuration; without one, the hashing embedder is served.

    Args:
        path: The file of `--config`; None searches for one.
        overrides: Flags by dotted key; None values are options that were not given.

    Raises:
        ConfigError: As `load.load`; but no file need be there unless one is named.
    """
    cwd = cwd or Path.cwd()
    found = find_any(path, environ, cwd)
    layered = Layered(_WITHOUT_A_FILE, {})
    if found is not None:
        source = read_source(found)
        layered = Layered(source.tree, source.marks)
    layered = with_flags(with_environment(layered, environ), overrides, cwd)
    used = {key: value for key, value in layered.tree.items() if key in ServiceSettings.model_fields}
    folder = cwd if found is None else found.absolute().parent
    return checked(ServiceSettings, Layered(used, layered.marks), folder, environ)
