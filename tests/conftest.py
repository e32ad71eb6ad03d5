"""Fixtures for all tests. Each plugin is a module of `tests/support` with the parts of one outside system."""

from __future__ import annotations

from hypothesis import settings

pytest_plugins = [
    "support.databases",
    "support.fixtures_embedding",
    "support.fixtures_qdrant",
    "support.fixtures_shop",
]

# A busy machine is no failure.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")
