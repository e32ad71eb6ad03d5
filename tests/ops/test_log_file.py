"""The log file: a line is a line, for people and for machines."""

from __future__ import annotations

import json
import logging
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
import pytest

from embedconsole.config.settings import LogConfig
from embedconsole.ops.log_file import open_log
from embedconsole.telemetry import in_batch, in_run

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = "first\nsecond \x1b[2J \u202e %s {title}"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Where the log goes; afterwards nothing goes there any more."""
    loggers = [logging.getLogger("embedconsole"), logging.getLogger()]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate) for logger in loggers]
    yield tmp_path / "log" / "embedconsole.log"
    for logger, handlers, level, propagate in before:
        for handler in set(logger.handlers) - set(handlers):
            logger.removeHandler(handler)
            handler.close()
        logger.setLevel(level)
        logger.propagate = propagate


def write(path: Path, form: str, *, level: str = "info") -> list[str]:
    open_log(LogConfig.model_validate({"level": level}), path, form=form)
    own = logging.getLogger("embedconsole")
    own.debug("not this one")
    own.info("Indexed %d items", 3, extra={"event": "batch", "keys": ["1", "2"], "seconds": {"embed": 0.5}})
    own.warning("%s", HOSTILE)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        own.exception("it broke")
    return path.read_text(encoding="utf-8").splitlines()


def test_people_get_a_line_a_record(log: Path) -> None:
    lines = write(log, "text")

    assert len(lines) == 3
    for line in lines:
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING|ERROR) ", line)
        assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", line)
    assert lines[0].endswith("INFO Indexed 3 items")
    assert "first\\nsecond \ufffd[2J \ufffd %s {title}" in lines[1]
    assert "ValueError" in lines[2]


def test_machines_get_an_object_a_line(log: Path) -> None:
    first, second, third = (json.loads(line) for line in write(log, "json"))

    time = first.pop("time")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)
    assert first == {
        "level": "info",
        "message": "Indexed 3 items",
        "event": "batch",
        "keys": ["1", "2"],
        "seconds": {"embed": 0.5},
    }
    assert (second["level"], second["message"]) == ("warning", HOSTILE)
    assert set(second) == {"time", "level", "message"}
    assert "Traceback" in third["traceback"]


def test_raw_bytes_of_the_json_form_are_harmless_too(log: Path) -> None:
    assert all(line.isascii() and "\x1b" not in line for line in write(log, "json"))


def test_a_line_says_which_run_and_batch_it_belongs_to(log: Path) -> None:
    async def work() -> None:
        own, library = logging.getLogger("embedconsole"), logging.getLogger("sqlalchemy.pool")
        with in_run(7):
            own.info("planned")
            async with anyio.create_task_group() as group:
                for token in (12, 13):
                    group.start_soon(batch, token)
            own.info("done", extra={"batch": 14})
        library.warning("nobody's")

    async def batch(token: int) -> None:
        with in_batch(token):
            await anyio.to_thread.run_sync(logging.getLogger("sqlalchemy.pool").warning, "in a thread")

    open_log(LogConfig(), log)
    anyio.run(work)

    lines = log.read_text(encoding="utf-8").splitlines()
    assert sorted(line.partition(" ")[2] for line in lines) == [
        "INFO done [run 7 batch 14]",
        "INFO planned [run 7]",
        "WARNING in a thread [run 7 batch 12]",
        "WARNING in a thread [run 7 batch 13]",
        "WARNING nobody's",
    ]


def test_machines_read_the_run_and_the_batch_too(log: Path) -> None:
    open_log(LogConfig(), log, form="json")
    with in_run(7), in_batch(12):
        logging.getLogger("embedconsole").info("x", extra={"key": "35"})

    line = json.loads(log.read_text(encoding="utf-8"))
    assert (line["run"], line["batch"], line["key"]) == (7, 12, "35")


def test_the_level_is_that_of_the_configuration(log: Path) -> None:
    assert [line.split()[1] for line in write(log, "text", level="warning")] == ["WARNING", "ERROR"]


def test_the_file_rotates_and_keeps_so_many(log: Path) -> None:
    open_log(LogConfig.model_validate({"max_bytes": 200, "keep": 2}), log)
    for number in range(20):
        logging.getLogger("embedconsole").info("line %d of a log that turns over", number)

    files = sorted(log.parent.iterdir())
    assert [file.name for file in files] == [log.name, f"{log.name}.1", f"{log.name}.2"]
    assert max(file.stat().st_size for file in files) <= 200
    assert "line 19 " in log.read_text(encoding="utf-8")


def test_nothing_goes_to_the_terminal(log: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(log, "text")

    assert capfd.readouterr() == ("", "")
    with suppress(OSError):
        logging.getLogger("embedconsole").handlers[-1].close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
def test_a_full_disk_costs_lines_of_the_log_and_nothing_else(
    log: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    open_log(LogConfig(), Path("/dev/full"))

    for number in range(100):
        logging.getLogger("embedconsole").info("Indexed %d", number)

    assert capfd.readouterr() == ("", "")
    with suppress(OSError):
        logging.getLogger("embedconsole").handlers[-1].close()
