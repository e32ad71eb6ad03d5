"""Fixtures for all tests. Each plugin is a module of `tests/support` with the parts of one outside system."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.terminal import TerminalReporter

pytest_plugins = [
    "support.databases",
    "support.fixtures_embedding",
    "support.fixtures_pictures",
    "support.fixtures_qdrant",
    "support.fixtures_shop",
]

# A busy machine is no failure.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")


@pytest.fixture
def anyio_backend() -> str:
    """The engine's and Textual's."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    """What a test does to our logger ends with it: the next one may look at what is logged."""
    log = logging.getLogger("embedconsole")
    handlers, level, propagate = list(log.handlers), log.level, log.propagate
    yield
    log.handlers[:], log.propagate = handlers, propagate
    log.setLevel(level)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--soak N`."""
    parser.addoption(
        "--soak",
        type=int,
        default=0,
        metavar="N",
        help="long runs: N crash rounds, N schedules of faults, and the tests marked soak",
    )


def pytest_xdist_auto_num_workers() -> int:
    """Twice the cores: half of the time goes into waiting for processes, servers and pauses."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long runs only when they are asked for."""
    if config.getoption("--soak") or "soak" in (config.option.markexpr or ""):
        return
    for item in items:
        if item.get_closest_marker("soak") is not None:
            item.add_marker(pytest.mark.skip(reason="a long run: ask for it with --soak N or -m soak"))


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """After a long run, its reports."""
    if not config.getoption("--soak"):
        return
    for outcome in ("passed", "failed"):
        for test in terminalreporter.getreports(outcome):
            for name, text in test.user_properties:
                if name == "soak report" and test.when == "call":
                    terminalreporter.write_line(f"{text}")


@pytest.fixture
def soak(request: pytest.FixtureRequest) -> int:
    """The N of `--soak N`; 0 in the normal suite."""
    count: int = request.config.getoption("--soak")
    return count
