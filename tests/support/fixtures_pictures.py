"""Fixtures for tests that need pictures, or models to embed them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.gallery import Gallery, open_gallery

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.tiny_models import TinyModels


@pytest.fixture
def gallery() -> Iterator[Gallery]:
    """A server of pictures, fresh for the test."""
    with open_gallery() as served:
        yield served


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> TinyModels:
    """Models for the local backend."""
    for module in ("fastembed", "onnx"):
        pytest.importorskip(module, reason=f"{module} is not installed: pip install -e '.[dev]'")
    from support.tiny_models import make_tiny_models

    return make_tiny_models(tmp_path_factory.mktemp("models"))
