"""docs/configuration.md is that of the settings classes of now."""

from __future__ import annotations

from pathlib import Path

from embedconsole.config.reference import reference

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_it_is_the_one_that_is_shipped() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), (
        "stale; make it anew: python -m embedconsole.config.reference > docs/configuration.md"
    )
