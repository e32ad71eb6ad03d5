"""The screens under the number keys; `import_all` loads those that the first picture did not need."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedconsole.console.screens.base import ConsoleScreen, ScreenHost


def _dashboard(host: ScreenHost) -> ConsoleScreen:
    from embedconsole.console.screens.dashboard import DashboardScreen

    return DashboardScreen(host)


def _failures(host: ScreenHost) -> ConsoleScreen:
    from embedconsole.console.screens.failures import FailuresScreen

    return FailuresScreen(host)


def _collection(host: ScreenHost) -> ConsoleScreen:
    from embedconsole.console.screens.collection import CollectionScreen

    return CollectionScreen(host)


def _runs(host: ScreenHost) -> ConsoleScreen:
    from embedconsole.console.screens.runs import RunsScreen

    return RunsScreen(host)


def _search(host: ScreenHost) -> ConsoleScreen:
    from embedconsole.console.screens.search import SearchScreen

    return SearchScreen(host)


def _log(host: ScreenHost) -> ConsoleScreen:
    from embedconsole.console.screens.log import LogScreen

    return LogScreen(host)


def _pipelines(host: ScreenHost) -> ConsoleScreen:
    from embedconsole.console.screens.pipelines import PipelinesScreen

    return PipelinesScreen(host)


PLACES: Mapping[str, Callable[[ScreenHost], ConsoleScreen]] = {
    "dashboard": _dashboard,
    "failures": _failures,
    "collection": _collection,
    "runs": _runs,
    "search": _search,
    "log": _log,
    "pipelines": _pipelines,
}
"""Name to how it is made; each is made once and keeps where the operator was in it."""


def import_all() -> None:
    """Import what the screens are made of, so that the first key to each is not slower than the others."""
    for name in PLACES:
        import_module(f"embedconsole.console.screens.{name}")
