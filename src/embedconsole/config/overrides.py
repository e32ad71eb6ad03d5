"""What is laid over the file: the environment's overrides, then the flags of the command line.

In the environment, `EMBEDCONSOLE_CHUNK_SIZE=50` and `EMBEDCONSOLE_RETRY__ATTEMPTS=5`: two underscores step
into a section. Names are compared without case and with every other character as an underscore, so
`EMBEDCONSOLE_PIPELINES__MY_SHOP__WORKERS` reaches `pipelines.my-shop.workers`. Lists and mappings are written
as in YAML: `EMBEDCONSOLE_RETRY__BACKOFF='[10, 20]'`. An empty value means the default.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedconsole.config.settings import Settings
from embedconsole.config.yaml_source import Mark, dotted, parse_flow, printable
from embedconsole.faults import ConfigError
from embedconsole.foreign_text import is_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from embedconsole.config.yaml_source import KeyPath, Marks, Tree

INHERITED = ("chunk_size", "workers", "retry", "keep_vectors", "max_delete_fraction")
"""Settings of the top level that a pipeline may have of its own."""

PREFIX = "EMBEDCONSOLE_"
_NAMED = ("pipelines", "embedders")
_OTHERS = frozenset({PREFIX + name for name in ("CONFIG", "STATE_DIR", "LOG_DIR")})
_TESTS = PREFIX + "TEST_"
_FLAGS = Mark("command line")


@dataclass(frozen=True, slots=True)
class Layered:
    """Settings so far: the tree, and for every part of it where it was given last."""

    tree: dict[str, Tree]
    marks: Marks

    def put(self, path: tuple[str, ...], value: Tree, mark: Mark) -> Layered:
        """The same with one value replaced as a whole; sections on the way are made as needed.

        Raises:
            ConfigError: Something on the way is a value and not a section.
        """
        marks = {at: given for at, given in self.marks.items() if at[: len(path)] != path}
        for length in range(1, len(path)):
            marks.setdefault(path[:length], mark)
        marks[path] = mark
        marks.update((at, mark) for at in _below(value, path))
        return Layered(_put(self.tree, path, 0, value, mark), marks)


def _put(
    tree: Mapping[str, Tree], path: tuple[str, ...], at: int, value: Tree, mark: Mark
) -> dict[str, Tree]:
    key = path[at]
    if at == len(path) - 1:
        return {**tree, key: value}
    inner = tree.get(key)
    if inner is None:
        inner = {}
    if not isinstance(inner, dict):
        raise ConfigError(f"{mark}: {dotted(path[: at + 1])} has no keys of its own")
    return {**tree, key: _put(inner, path, at + 1, value, mark)}


def _below(value: Tree, path: KeyPath) -> Iterator[KeyPath]:
    parts: list[tuple[str | int, Tree]] = []
    if isinstance(value, dict):
        parts.extend(value.items())
    elif isinstance(value, list):
        parts.extend(enumerate(value))
    for key, inner in parts:
        yield (*path, key)
        yield from _below(inner, (*path, key))


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


def with_flags(base: Layered, overrides: Mapping[str, object], cwd: Path) -> Layered:
    """Lay the command line's options over everything else.

    A flag for an inherited setting also replaces what a pipeline has of its own: who types `--workers 2`
    means all of them.

    Args:
        overrides: Dotted key to value; None means that the option was not given.
        cwd: Where relative paths typed by the operator start.
    """
    layered = base
    for key, value in overrides.items():
        if value is None:
            continue
        path = tuple(key.split("."))
        tree = _as_tree(value, cwd)
        layered = layered.put(path, tree, _FLAGS)
        pipelines = layered.tree.get("pipelines")
        if path[0] in INHERITED and isinstance(pipelines, dict):
            for name in pipelines:
                if _has(pipelines[name], path):
                    layered = layered.put(("pipelines", name, *path), tree, _FLAGS)
    return layered


def _has(tree: Tree, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(tree, dict) or tree.get(key) is None:
            return False
        tree = tree[key]
    return True


def _as_tree(value: object, cwd: Path) -> Tree:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Path):
        return str(cwd / value)
    if isinstance(value, dict):
        return {str(key): _as_tree(inner, cwd) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_tree(inner, cwd) for inner in value]
    return str(value)
