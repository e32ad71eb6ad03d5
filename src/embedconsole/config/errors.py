"""Pydantic's errors as lines an operator can act on: `FILE:LINE: pipelines.products.catalog.key: message`.

No line repeats a value. A secret may stand where it does not belong, and the line number says where to look.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Literal, get_args, get_origin

from embedconsole.config.sections.base import Section
from embedconsole.config.settings import Settings
from embedconsole.config.yaml_source import Mark, dotted, message, nearest, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from embedconsole.config.yaml_source import KeyPath, Marks, Tree

_PLAIN = {
    "int": "should be a whole number",
    "float": "should be a number",
    "finite_number": "should be a number",
    "bool": "should be true or false",
    "string_type": "should be text",
    "string_unicode": "should be text",
    "string_too_short": "should not be empty",
    "too_short": "should not be empty",
    "string_pattern_mismatch": "has a character that is not allowed here",
    "list_type": "should be a list",
    "dict_type": "should be keys and values",
    "model_type": "should be keys and values",
    "model_attributes_type": "should be keys and values",
    "path_type": "should be a path",
}
_LIMITS = {"greater_than_equal": "at least", "greater_than": "more than", "less_than_equal": "at most"}


def error_lines(fault: ValidationError, tree: Tree, marks: Marks) -> list[str]:
    """One line for each error, in the order of the file."""
    found: list[tuple[str, int, str]] = []
    for error in fault.errors(include_url=False):
        path = _path(error["loc"])
        mark = nearest(marks, path)
        line = message(mark, path, _text(error, path, tree))
        found.append((mark.source, mark.line or 0, line) if isinstance(mark, Mark) else ("", 0, line))
    return [line for _, _, line in sorted(found)]


def _path(loc: KeyPath) -> KeyPath:
    """The path in the file: pydantic adds the chosen type after an embedder's name, and `[key]`."""
    path = loc[:2] + loc[3:] if loc[:1] == ("embedders",) and len(loc) > 2 else loc
    return path[:-1] if path[-1:] == ("[key]",) else path


def _text(error: ErrorDetails, path: KeyPath, tree: Tree) -> str:
    kind = error["type"]
    context: Mapping[str, object] = error.get("ctx", {})
    if error["loc"][-1:] == ("[key]",):
        return "this name is too long, empty or has a character that is not allowed in one"
    if kind == "missing":
        return "is empty" if _written(tree, path) else "missing"
    if kind == "extra_forbidden":
        return _unknown_key(str(path[-1]), path[:-1], tree)
    if kind == "literal_error":
        return _choice("should be", _choices(path, tree), _at(tree, path))
    if kind == "union_tag_not_found":
        return f"type: missing; one of {', '.join(_types())}"
    if kind == "union_tag_invalid":
        return "type: " + _choice("unknown embedder type,", _types(), _at(tree, (*path, "type")))
    if kind == "unknown_embedder":
        known = _at(tree, ("embedders",))
        return error["msg"] + _suggestion(_at(tree, path), list(known) if isinstance(known, dict) else [])
    if kind == "value_error":
        return str(context.get("error", "can't be used"))
    if kind in _LIMITS:
        limit = context.get("ge", context.get("gt", context.get("le")))
        return f"should be {_LIMITS[kind]} {limit}"
    return _PLAIN.get(kind) or _PLAIN.get(kind.split("_")[0]) or error["msg"]


def _at(tree: Tree, path: KeyPath) -> Tree:
    for key in path:
        if isinstance(tree, dict) and isinstance(key, str):
            tree = tree.get(key)
        elif isinstance(tree, list) and isinstance(key, int) and key < len(tree):
            tree = tree[key]
        else:
            return None
    return tree


def _written(tree: Tree, path: KeyPath) -> bool:
    parent = _at(tree, path[:-1])
    return isinstance(parent, dict) and path[-1] in parent


def _suggestion(value: object, known: list[str]) -> str:
    close = difflib.get_close_matches(value, known, n=1) if isinstance(value, str) else []
    return f"; did you mean {close[0]!r}?" if close else ""


def _choice(start: str, choices: list[str], value: Tree) -> str:
    return f"{start} one of {', '.join(choices)}{_suggestion(value, choices)}"


def _unknown_key(key: str, path: KeyPath, tree: Tree) -> str:
    section = _section_at(path, tree)
    known = list(section.model_fields) if section else []
    close = difflib.get_close_matches(key.lower(), known, n=1)
    line = f"unknown key '{printable(key)}'"
    if close:
        return f"{line}, did you mean {close[0]!r}?"
    homes = [dotted(place) for place in _homes(key) if place != path]
    if len(homes) == 1:
        return f"{line} here; it belongs {f'in {homes[0]}' if homes[0] else 'at the top level'}"
    return f"{line}; known: {', '.join(known)}" if known else line


def _homes(key: str) -> Iterator[KeyPath]:
    """The sections of fixed place that have such a key."""
    if key in Settings.model_fields:
        yield ()
    for name, field in Settings.model_fields.items():
        for section in _sections(field.annotation):
            if get_origin(field.annotation) is None and key in section.model_fields:
                yield (name,)


def _sections(annotation: object) -> Iterator[type[Section]]:
    """The section types inside an annotation, through optionals, unions and dictionaries' values."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    elif get_origin(annotation) is Annotated:
        yield from _sections(get_args(annotation)[0])
    elif get_origin(annotation) is dict:
        yield from _sections(get_args(annotation)[1])
    else:
        for part in get_args(annotation):
            yield from _sections(part)


def _section_at(path: KeyPath, tree: Tree) -> type[Section] | None:
    """The section type that a path leads to; an embedder's follows from its `type`."""
    section: type[Section] | None = Settings
    at = 0
    while at < len(path) and section is not None:
        field = section.model_fields.get(str(path[at]))
        annotation = field.annotation if field else None
        kinds = list(_sections(annotation))
        at += 2 if _keyed(annotation) else 1
        if path[0] == "embedders":
            wanted = _at(tree, (*path[:2], "type"))
            kinds = [kind for kind in kinds if wanted in _type_of(kind)]
        section = kinds[0] if kinds else None
    return section


def _keyed(annotation: object) -> bool:
    return get_origin(annotation) is dict or any(_keyed(part) for part in get_args(annotation))


def _type_of(section: type[Section]) -> list[str]:
    field = section.model_fields.get("type")
    return [str(choice) for choice in get_args(field.annotation)] if field else []


def _types() -> list[str]:
    return [
        kind
        for section in _sections(Settings.model_fields["embedders"].annotation)
        for kind in _type_of(section)
    ]


def _choices(path: KeyPath, tree: Tree) -> list[str]:
    """The words that a setting takes."""
    section = _section_at(path[:-1], tree)
    field = section.model_fields.get(str(path[-1])) if section else None
    if field is None and len(path) > 1:  # a dictionary's value, such as one of `indexes`
        section = _section_at(path[:-2], tree)
        field = section.model_fields.get(str(path[-2])) if section else None
    return list(_literals(field.annotation)) if field else []


def _literals(annotation: object) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from map(str, get_args(annotation))
    else:
        for part in get_args(annotation):
            yield from _literals(part)
