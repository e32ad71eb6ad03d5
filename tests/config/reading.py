"""Reading configurations that are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.config.load import Loaded

    Load = Callable[..., Loaded]


def said(loaded: Load, text: str, **more: object) -> list[str]:
    """The lines of what is said, and nothing of what was tried."""
    with pytest.raises(ConfigError) as caught:
        loaded(text, **more)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return str(caught.value).splitlines()
