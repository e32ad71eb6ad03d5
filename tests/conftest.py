"""Fixtures for all tests. Each plugin is a module of `tests/support` with the parts of one outside system."""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from _pytest.terminal import TerminalReporter

pytest_plugins = [
    "support.databases",
    "support.fixtures_embedding",
    "support.fixtures_pictures",
    "support.fixtures_qdrant",
    "support.fixtures_shop",
]

# The same examples every time, and a busy machine is no failure. `--hypothesis-profile explore` looks for new
# ones; what it finds is stored in .hypothesis and is best kept as an @example.
settings.register_profile("ci", deadline=None, derandomize=True, database=None)
settings.register_profile("explore", deadline=None, max_examples=1_000, print_blob=True)
settings.load_profile("ci")

# Zone and locale of the machine decide nothing; a test that is about them sets its own.
os.environ.update(TZ="UTC", LC_ALL="C.UTF-8")
time.tzset()

# What begins so is no gap on any machine: the combination does not exist.
_NOT_APPLICABLE = "not applicable: "
_REQUIRE = "EMBEDCONSOLE_TEST_REQUIRE_SERVERS"


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
    long = [item for item in items if item.get_closest_marker("soak") is not None]
    items[:] = [item for item in items if item.get_closest_marker("soak") is None]
    config.hook.pytest_deselected(items=long)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where all servers and tools are required, a skip is a failure."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get(_REQUIRE) == "1":
        _, _, reason = (
            report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, str(report.longrepr))
        )
        if _NOT_APPLICABLE not in reason:
            report.outcome = "failed"
            report.longrepr = f"{reason}\n{_REQUIRE}=1 forbids to skip {item.nodeid}"
    return report


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
