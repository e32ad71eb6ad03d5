"""A type of embedder is complete: its settings, its module, its identity."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, get_args

import pytest

from embedconsole.config.sections.embedder import EmbedderConfig

if TYPE_CHECKING:
    from embedconsole.config.sections.embedders.base import EmbedderSection

TYPES = get_args(get_args(EmbedderConfig)[0])


@pytest.mark.parametrize("settings", TYPES, ids=lambda settings: settings.__name__)
def test_every_type_has_a_module_and_an_identity_of_its_name(settings: type[EmbedderSection]) -> None:
    (name,) = get_args(settings.model_fields["type"].annotation)
    required = {"url": "http://ml", "model": "owner/name"}
    given = {key: value for key, value in required.items() if key in settings.model_fields}
    config = settings.model_validate({"type": name, **given})

    assert callable(import_module(f"embedconsole.embedders.{name}").build)
    assert config.identity.startswith(f"{name}:")
