"""Environment overrides: `EMBEDCONSOLE_CHUNK_SIZE=50`, `EMBEDCONSOLE_RETRY__ATTEMPTS=5`.

Two underscores step into a section. Names are compared without case and with every other character as an
underscore, so `EMBEDCONSOLE_PIPELINES__MY_SHOP__WORKERS` reaches `pipelines.my-shop.workers`. Lists and
mappings are written as in YAML: `EMBEDCONSOLE_RETRY__BACKOFF='[10, 20]'`. An empty value means the default.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from embedconsole.config.settings import Settings
from embedconsole.config.yaml_source import Mark, parse_flow, printable
from embedconsole.faults import ConfigError
from embedconsole.foreign_text import is_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from embedconsole.config.overrides import Layered

PREFIX = "EMBEDCONSOLE_"
_NAMED = ("pipelines", "embedders")


def with_environment(base: Layered, environ: Mapping[str, str]) -> Layered:
    """Lay the environment's overrides over the file; variables that name no setting are left alone.

    Raises:
        ConfigError: A variable reaches no pipeline or embedder, or it is unclear what it means; all of them.
    """
    layered = base
    problems: list[str] = []
    seen: dict[tuple[str, ...], str] = {}
    # Whole sections first: what is inside of one is the more precise wish.
    for name in sorted(_overrides(environ), key=lambda name: (name.count("__"), name)):
        mark = Mark(f"environment {printable(name)}")
        try:
            path = _resolve(name, layered)
            if path in seen:
                raise ConfigError(f"{mark}: means the same as {seen[path]}; remove one of them")
            seen[path] = name
            if not is_text(environ[name]):
                raise ConfigError(f"{mark}: is not valid UTF-8 text")
            layered = layered.put(path, parse_flow(environ[name], str(mark)), mark)
        except ConfigError as fault:
            problems.append(str(fault))
    if problems:
        raise ConfigError("\n".join(problems))
    return layered


def near_misses(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Notes on variables that look like a mistyped setting; they are not used."""
    taken = set(_overrides(environ))
    notes = []
    for name in environ:
        if name in taken or not _ours(name) or name in _OTHERS or name.startswith(_TESTS):
            continue
        head, *rest = _segments(name)
        close = difflib.get_close_matches(head, list(Settings.model_fields), n=1, cutoff=0.8)
        if close:
            meant = PREFIX + "__".join(segment.upper() for segment in (close[0], *rest))
            notes.append(f"environment {printable(name)} is no setting and is ignored; did you mean {meant}?")
    return tuple(notes)


_OTHERS = frozenset({PREFIX + name for name in ("CONFIG", "STATE_DIR", "LOG_DIR")})
_TESTS = PREFIX + "TEST_"


def _ours(name: str) -> bool:
    return name.upper().startswith(PREFIX)


def _overrides(environ: Mapping[str, str]) -> list[str]:
    return [name for name in environ if _ours(name) and _segments(name)[0] in Settings.model_fields]


def _segments(name: str) -> list[str]:
    return [segment.lower() for segment in name[len(PREFIX) :].split("__")]


def _plain(key: str) -> str:
    return re.sub(r"[\W_]+", "_", key.lower())


def _resolve(name: str, layered: Layered) -> tuple[str, ...]:
    """The keys that a variable means: those that exist where they match, else its own in lower case."""
    path: list[str] = []
    section: object = layered.tree
    for segment in _segments(name):
        if not segment:
            raise ConfigError(f"environment {printable(name)}: has underscores that lead nowhere")
        known: Iterable[str] = section if isinstance(section, dict) else ()
        matches = [key for key in known if _plain(key) == _plain(segment)]
        if len(matches) > 1:
            raise ConfigError(
                f"environment {printable(name)}: may mean {' or '.join(map(printable, matches))}"
            )
        path.append(matches[0] if matches else segment)
        section = section.get(path[-1]) if isinstance(section, dict) else None
    if len(path) > 2 and path[0] in _NAMED:
        named = layered.tree.get(path[0])
        if not isinstance(named, dict) or path[1] not in named:
            known = list(named) if isinstance(named, dict) else []
            close = difflib.get_close_matches(path[1], known, n=1)
            hint = f", did you mean {close[0]!r}?" if close else ""
            raise ConfigError(
                f"environment {printable(name)}: no {path[0][:-1]} {path[1]!r}{hint}; "
                f"known: {', '.join(map(printable, known)) or 'none'}"
            )
    return tuple(path)
