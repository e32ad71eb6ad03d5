"""Laying one source of settings over another: file, then environment, then flags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedconsole.config.yaml_source import Mark, dotted
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedconsole.config.yaml_source import KeyPath, Marks, Tree

INHERITED = ("chunk_size", "workers", "retry", "keep_vectors", "max_delete_fraction")
"""Settings of the top level that a pipeline may have of its own."""

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
