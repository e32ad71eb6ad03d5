"""YAML text to a tree of plain values, with a mark for every key.

Only PyYAML's safe loader is used, and of it only the node graph: scalars stay the text that was written,
since the model knows their types better than YAML 1.1 does (`no` is a fine name, `0123` a fine password).
Anchors, aliases and merge keys work; tags do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import yaml

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


KeyPath: TypeAlias = "tuple[str | int, ...]"
"""Keys and list positions from the top of the tree."""

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree] | None"
"""Settings before they have types: every scalar is the text that was written, null is None."""

Marks: TypeAlias = "Mapping[KeyPath, Mark]"


@dataclass(frozen=True, slots=True)
class Mark:
    """One place.

    Attributes:
        source: A file, "environment NAME" or "command line".
        line: Line in the file, from 1; None when the source is no file.
    """

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line is not None else self.source


def printable(text: str) -> str:
    """Text on one line: what could move a terminal's cursor or start a new line is escaped."""
    return text if text.isprintable() else repr(text)[1:-1]


def dotted(path: KeyPath) -> str:
    """The path as operators write it: `pipelines.products.collection.name`, list positions in brackets."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{printable(key)}" for key in path)
    return text.removeprefix(".")


def nearest(marks: Marks, path: KeyPath) -> Mark | None:
    """The mark of the path or of the closest section around it."""
    for length in range(len(path), -1, -1):
        if path[:length] in marks:
            return marks[path[:length]]
    return None


def message(mark: Mark | None, path: KeyPath, text: str) -> str:
    """One line of an error: `FILE:LINE: dotted.path: text`."""
    return ": ".join(part for part in (str(mark) if mark else "", dotted(path), text) if part)


MAX_BYTES = 1_000_000
_MAX_VALUES = 50_000
_MAX_DEPTH = 60
_PREFIX = "tag:yaml.org,2002:"
_SCALARS = frozenset(
    _PREFIX + tag for tag in ("str", "int", "float", "bool", "null", "timestamp", "value", "merge")
)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class YamlSource:
    """A configuration file as it was written: its tree and where each part of it stands."""

    tree: dict[str, Tree]
    marks: Marks


def read_source(path: Path) -> YamlSource:
    """Read and parse a configuration file.

    Raises:
        ConfigError: It can't be read or is no YAML mapping; one line for each thing wrong.
    """
    name = printable(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) and fault.strerror else "not a usable path"
        raise ConfigError(f"{name}: can't be read: {reason}") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{name}: is larger than {MAX_BYTES:,} bytes; this can't be a configuration file")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        raise ConfigError(f"{name}:{line}: is not UTF-8 text") from None
    return parse_source(text, name)


def parse_source(text: str, name: str) -> YamlSource:
    """Parse the text of a configuration file; `name` stands for the file in marks and errors.

    Raises:
        ConfigError: As `read_source`.
    """
    reader = _Reader(name)
    node = _compose(text, name)
    try:
        tree = {} if node is None else reader.read(node)
    except RecursionError:
        raise ConfigError(f"{name}: a merge key (<<) merges itself") from None
    if tree is None:
        tree = {}
    if reader.problems:
        raise ConfigError("\n".join(reader.problems))
    if not isinstance(tree, dict):
        raise ConfigError(f"{name}:1: should be keys and values (embedders:, pipelines:, ...)")
    return YamlSource(tree, reader.marks)


def parse_flow(text: str, name: str) -> Tree:
    """The value of an override: a flow list or mapping, a quoted string, null, or else the text itself.

    Templates are text: `{title}` is a mapping to YAML, but one without a value.
    """
    text = text.strip()
    if text in _NULLS:
        return None
    if text[0] not in "[{\"'":
        return text
    try:
        node = _compose(text, name)
        reader = _Reader(name)
        tree = reader.read(node) if node is not None else None
    except ConfigError:
        return text
    if reader.problems or (isinstance(tree, dict) and None in tree.values()):
        return text
    return tree


def _compose(text: str, name: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line = mark.line + 1 if mark else 1
        raise ConfigError(f"{name}:{line}: {_problem(fault, text, line)}") from None
    except yaml.reader.ReaderError as fault:
        position = fault.position if isinstance(fault.position, int) else 0
        line = text.count("\n", 0, position) + 1
        raise ConfigError(f"{name}:{line}: has a character that YAML does not allow") from None
    except RecursionError:
        raise ConfigError(f"{name}: is nested too deeply") from None
    except (yaml.YAMLError, ValueError, OverflowError, LookupError, AttributeError):
        # PyYAML lets a few faults of hostile input through as they are, such as an escape beyond Unicode.
        raise ConfigError(f"{name}: is not YAML") from None


def _problem(fault: yaml.MarkedYAMLError, text: str, line: int) -> str:
    """What is wrong, without anything of the file's text: it may be a secret that was not quoted."""
    lines = text.splitlines()
    written = lines[line - 1] if 0 < line <= len(lines) else ""
    problem = fault.problem or "is not YAML"
    if "undefined alias" in problem or "expected alphabetic or numeric" in problem:
        return "text that begins with * or & needs quotes"
    if "duplicate anchor" in (fault.context or ""):
        return "an anchor (&name) of this name exists already"
    if "another document" in problem:
        return "a second document (---) begins here; one file is one configuration"
    if "tag" in problem:
        return "text that begins with ! needs quotes"
    if "'\\t'" in problem or "\t" in written[: len(written) - len(written.lstrip())]:
        return "indented with a tab; YAML wants spaces"
    # Token names such as '<scalar>' and single characters stay.
    problem = re.sub(r"(['\"])(?!<)(?:\\?.){2,}?\1", "…", printable(problem))
    if re.search(r"[{\[,:]\s*\$\{", written):
        return f"{problem}; inside {{ }} and [ ] put quotes around ${{NAME}}"
    if "mapping values are not allowed" in problem:
        return f"{problem}; check the indentation, and quote text that contains ': '"
    return problem


class _Reader:
    """Turns nodes into values, collecting marks and problems on the way."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.marks: dict[KeyPath, Mark] = {}
        self.problems: list[str] = []
        self._values = 0

    def read(self, node: yaml.Node) -> Tree:
        self.marks[()] = Mark(self.name, 1)
        return self._value(node, ())

    def _problem(self, node: yaml.Node, path: KeyPath, text: str) -> None:
        self.problems.append(message(self._mark(node), path, text))

    def _mark(self, node: yaml.Node) -> Mark:
        return Mark(self.name, node.start_mark.line + 1)

    def _value(self, node: yaml.Node, path: KeyPath) -> Tree:
        self._values += 1
        if self._values > _MAX_VALUES or len(path) > _MAX_DEPTH:
            # Aliases share nodes: a small file may mean billions of values, or contain itself.
            raise ConfigError(
                f"{self._mark(node)}: has too many or too deeply nested values; check its aliases"
            )
        if isinstance(node, yaml.MappingNode) and node.tag == _PREFIX + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _PREFIX + "seq":
            items: list[Tree] = []
            for index, item in enumerate(node.value):
                self.marks[(*path, index)] = self._mark(item)
                items.append(self._value(item, (*path, index)))
            return items
        if isinstance(node, yaml.ScalarNode) and node.tag in _SCALARS:
            text: str = node.value
            plain = node.style is None and node.tag != _PREFIX + "str"
            return None if plain and text in _NULLS else text
        self._problem(node, path, "tags are not supported; text that begins with ! needs quotes")
        return None

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Tree]:
        tree: dict[str, Tree] = {}
        written: dict[str, int] = {}
        merged: list[yaml.Node] = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag not in _SCALARS:
                self._problem(key_node, path, "a key should be plain text")
                continue
            key: str = key_node.value
            if key_node.tag == _PREFIX + "merge":
                merged.append(value_node)
                continue
            if not key:
                self._problem(key_node, path, "a key is empty")
                continue
            here = self._mark(key_node)
            if key in written:
                first = written[key]
                self._problem(key_node, (*path, key), f"is written twice, first in line {first}")
                continue
            written[key] = here.line or 0
            self.marks[(*path, key)] = here
            tree[key] = self._value(value_node, (*path, key))
        for value_node in merged:
            self._merge(value_node, path, tree)
        return tree

    def _merge(self, node: yaml.Node, path: KeyPath, tree: dict[str, Tree]) -> None:
        """`<<: *base`: the keys of another mapping, where this one does not write its own."""
        for part in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            if not isinstance(part, yaml.MappingNode):
                self._problem(part, path, "<<: should be a mapping or a list of mappings")
                continue
            other = _Reader(self.name)
            other._values = self._values + 1
            for key, value in other._merged(part, path).items():
                if key not in tree:
                    tree[key] = value
                    self.marks.update(
                        (at, mark) for at, mark in other.marks.items() if at[: len(path) + 1] == (*path, key)
                    )
            self._values = other._values
            self.problems.extend(other.problems)

    def _merged(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Tree]:
        self._values += 1
        if self._values > _MAX_VALUES:
            raise ConfigError(f"{self._mark(node)}: has too many values; check its aliases")
        return self._mapping(node, path)
