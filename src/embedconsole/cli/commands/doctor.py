"""The report: its sections in their order, cleaned of every secret, as text or as JSON."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import anyio

from embedconsole.config.find import VARIABLE, places
from embedconsole.config.paths import LOG_VARIABLE, STATE_VARIABLE, log_dir, state_dir
from embedconsole.config.secrets import secrets_of
from embedconsole.config.show import show
from embedconsole.faults import ConfigError, Fault
from embedconsole.foreign_text import harmless
from embedconsole.headless.doctor.books import ledger_facts, log_facts
from embedconsole.headless.doctor.machine import disks, versions
from embedconsole.headless.doctor.section import Section, section
from embedconsole.cli.exits import Exit
from embedconsole.cli.output import put_json, put_text
from embedconsole.redact import hide, mask_text
from embedconsole.sync.inspect.checks import check_assembly, check_for_free
from embedconsole.sync.run.components import assembled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.headless.doctor.section import Fact, Facts
    from embedconsole.headless.session import Session
    from embedconsole.sync.inspect.checks import Check
    from embedconsole.sync.run.components import Components

    Checks: TypeAlias = Callable[[Components], AsyncIterator[Check]]

_SETTINGS = (VARIABLE, STATE_VARIABLE, LOG_VARIABLE)


def report(session: Session | None, problem: str | None, *, embed: bool, as_json: bool) -> Exit:
    """Print the report. It has every section, whatever is broken.

    Args:
        session: None when there is no usable configuration.
        problem: Why there is none.
        embed: Make one real embedding with each embedder, which may cost money.
    """
    if session is None:
        hide(secrets_of(None, os.environ))
    checks = check_assembly if embed else check_for_free
    sections = [_cleaned(part) for part in _sections(session, problem, checks)]
    if as_json:
        put_json({part.name: {**part.facts, "problem": part.problem} for part in sections})
        return Exit.IN_SYNC
    put_text("\n\n".join("\n".join(part.lines()) for part in sections))
    return Exit.IN_SYNC


def _sections(session: Session | None, problem: str | None, checks: Checks) -> Sequence[Section]:
    found = [section("versions", versions)]
    if session is None:
        broken = problem or "there is none"
        # Nobody knows which words of the log are secret, where the configuration does not tell.
        return [
            *found,
            Section("configuration", _searched(), broken),
            Section("ledger", {}, "the configuration names it"),
            Section("dependencies", {}, "the configuration names them"),
            Section("log", {}, "the configuration tells where it is, and what in it is secret"),
            section("disk", lambda: disks({"state": state_dir(), "log": log_dir()})),
        ]
    return [
        *found,
        section("configuration", lambda: _configuration(session)),
        section("ledger", lambda: ledger_facts(session)),
        section("dependencies", lambda: _dependencies(session.pipelines, checks)),
        section("log", lambda: log_facts(session.log_path)),
        section("disk", lambda: disks(_written_to(session))),
    ]


def _searched() -> Facts:
    return {
        "searched": ["--config", f"${VARIABLE}", *map(str, places(Path.cwd()))],
        "environment": [f"{name}={os.environ[name]}" for name in _SETTINGS if name in os.environ],
    }


def _configuration(session: Session) -> Facts:
    overrides = sorted({mark.source for mark in session.loaded.origins.values() if mark.line is None})
    return {
        "path": str(session.loaded.path),
        "notes": list(session.loaded.notes),
        "overrides": overrides,
        "settings": show(session.loaded).splitlines(),
    }


def _dependencies(pipelines: Sequence[Pipeline], checks: Checks) -> Facts:
    async def tried(pipeline: Pipeline) -> list[str]:
        lines: list[str] = []
        try:
            async with assembled([pipeline]) as (components,):
                lines.extend([_line(check) async for check in checks(components)])
        except (ConfigError, Fault) as error:
            lines.append(f"FAIL  {error}")
        return lines

    async def all_tried() -> dict[str, list[str]]:
        return {pipeline.name: await tried(pipeline) for pipeline in pipelines}

    return anyio.run(all_tried)


def _line(check: Check) -> str:
    mark = "ok  " if check.ok else "FAIL"
    return f"{mark}  {check.subject}: {check.detail} ({check.seconds * 1000:.0f} ms)"


def _written_to(session: Session) -> dict[str, Path]:
    found = {"state": state_dir(), "log": session.log_path.parent}
    for pipeline in session.pipelines:
        if pipeline.collection.path is not None:
            found[f"collection of {pipeline.name}"] = pipeline.collection.path
    return found


def _cleaned(part: Section) -> Section:
    def clean(text: str) -> str:
        return harmless(mask_text(text)).replace("\n", "\\n")

    def cleaned(fact: Fact) -> Fact:
        if isinstance(fact, str):
            return clean(fact)
        return [clean(line) for line in fact] if isinstance(fact, (list, tuple)) else fact

    facts = {clean(name): cleaned(fact) for name, fact in part.facts.items()}
    return Section(part.name, facts, part.problem and "\n  ".join(map(clean, part.problem.split("\n"))))
