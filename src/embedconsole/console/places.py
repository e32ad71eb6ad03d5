"""The screens under the number keys. The first picture waits only for its own; see `import_all`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedconsole.console.desk import Desk
    from embedconsole.console.screens.place import Place


def _dashboard(desk: Desk) -> Place:
    from embedconsole.console.screens.dashboard import Dashboard

    return Dashboard(desk)


def _failures(desk: Desk) -> Place:
    from embedconsole.console.screens.failures import Failures

    return Failures(desk)


def _collection(desk: Desk) -> Place:
    from embedconsole.console.screens.collection import Collection

    return Collection(desk)


def _runs(desk: Desk) -> Place:
    from embedconsole.console.screens.runs import Runs

    return Runs(desk)


def _search(desk: Desk) -> Place:
    from embedconsole.console.screens.search import Search

    return Search(desk)


def _log(desk: Desk) -> Place:
    from embedconsole.console.screens.log import Log

    return Log(desk)


def _pipelines(desk: Desk) -> Place:
    from embedconsole.console.screens.pipelines import Pipelines

    return Pipelines(desk)


PLACES: Mapping[str, Callable[[Desk], Place]] = {
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
