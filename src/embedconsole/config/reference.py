"""docs/configuration.md, made of the settings classes: every key with type, default and docstring.

python -m embedconsole.config.reference > docs/configuration.md
"""

from __future__ import annotations

import ast
import inspect
import sys
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final, Literal, get_args, get_origin

from embedconsole.config.sections.base import Section
from embedconsole.config.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    from pydantic.fields import FieldInfo

_BEGINNING = """\
# Configuration reference

Every key of the configuration file, made of the program's own settings classes
(`python -m embedconsole.config.reference > docs/configuration.md`). A file with all keys and comments to
copy from is [config.example.yaml](../config.example.yaml). `embedconsole setup` writes a shorter one,
`embedconsole config check` says with file, line and key what is wrong with yours, and `embedconsole config
show` prints what is in use and where each value comes from.

- **Where it is looked for**: `--config FILE`, `$EMBEDCONSOLE_CONFIG`, `./embedconsole.yaml`, your
  configuration folder, `/etc/embedconsole/embedconsole.yaml`. The first that is there counts.
- **Variables**: `${NAME}` must be set in the environment, `${NAME:-default}` need not be, `$${` is a literal
  `${`.
- **From the environment**: every setting, by its keys with two underscores between them, over what the file
  says: `EMBEDCONSOLE_CHUNK_SIZE=50`, `EMBEDCONSOLE_RETRY__ATTEMPTS=5`.
- **Errors**: unknown keys, keys given twice and variables that are not set. A key without a value means its
  default.
- **Durations**: `90` (seconds), `90s`, `5m`, `1h30m`, `1d`.
- **Paths** are relative to the folder of the file. **Secrets** are never printed, logged or drawn.
"""

_WORDS: Final[Mapping[str, str]] = {
    "str": "text",
    "bool": "true or false",
    "int": "whole number",
    "float": "number",
    "Address": "secret",
    "Allowed": "true, false or a list of hosts and networks",
    "BrokerUrl": "address, secret",
    "Constants": "names and values",
    "DatabaseUrl": "database URL",
    "Duration": "duration",
    "FieldName": "text",
    "Fraction": "0 to 1",
    "Headers": "names and secrets",
    "Listen": "host:port",
    "Name": "text",
    "OptionalDatabaseUrl": "database URL",
    "OptionalPath": "path",
    "OptionalKey": "secret",
    "OptionalSecret": "secret",
    "OptionalTemplate": "template",
    "OptionalText": "text",
    "OptionalWebAddress": "address",
    "PayloadMapping": "fields and columns",
    "Positive": "whole number, 1 or more",
    "ReplyPath": "way into a reply",
    "Span": "duration or `off`",
    "Template": "template",
    "Threshold": "whole number or `off`",
    "Timeout": "duration",
    "WebAddress": "address",
}
_DURATIONS: Final = frozenset({"Duration", "Span", "Timeout"})
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "m"))


@dataclass(frozen=True, slots=True)
class _Declared:
    """A field as its class declares it: the annotation as it is written, and the docstring below it."""

    annotation: ast.expr
    module: ModuleType
    meaning: str


def reference() -> str:
    """The page.

    Raises:
        KeyError: a field has no docstring, or a type that `_WORDS` does not know.
    """
    return "\n".join([_BEGINNING, *_tables()])


def _tables() -> Iterator[str]:
    places: dict[type[Section], dict[str, list[str]]] = {}
    for place, kind, section in _sections("", "", Settings):
        places.setdefault(section, {}).setdefault(place, []).append(kind)
    for section, where in places.items():
        yield f"## {', '.join(_heading(place, kinds) for place, kinds in where.items())}"
        yield f"{inspect.getdoc(section)}\n"
        yield "| key | type | default | |"
        yield "|---|---|---|---|"
        yield from _rows(section)
        yield ""


def _heading(place: str, kinds: list[str]) -> str:
    told = f"`{place}`" if place else "The top level"
    return f"{told} ({', '.join(kinds)})" if any(kinds) else told


def _sections(place: str, kind: str, section: type[Section]) -> Iterator[tuple[str, str, type[Section]]]:
    """Every section below one: where it stands, and of which type of embedder it is."""
    fields = section.model_fields
    kind = get_args(fields["type"].annotation)[0] if "type" in fields else kind
    yield place, kind, section
    for name, field in fields.items():
        for step, inner in _inner(field.annotation):
            yield from _sections(f"{place}.{name}{step}".removeprefix("."), kind, inner)


def _inner(annotation: object, step: str = "") -> Iterator[tuple[str, type[Section]]]:
    """The sections in an annotation, each with what stands between them and the field's name."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield step, annotation
    between = {dict: ".NAME", list: "[]"}.get(get_origin(annotation), "")  # type: ignore[arg-type]
    parts = get_args(annotation)
    for part in parts[:1] if get_origin(annotation) is Annotated else parts:
        yield from _inner(part, step + between)


def _rows(section: type[Section]) -> Iterator[str]:
    declared = _declared(section)
    for name in sorted(section.model_fields, key=lambda name: name != "type"):
        one = declared[name]
        cells = _words(one.annotation, one.module), _default(section.model_fields[name], one), one.meaning
        yield f"| `{name}` | " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _declared(section: type[Section]) -> dict[str, _Declared]:
    """Name to declaration; one that a class declares again keeps the docstring where it brings none."""
    found: dict[str, _Declared] = {}
    for one in reversed(section.__mro__):
        module = inspect.getmodule(one)
        if not issubclass(one, Section) or one is Section or module is None:
            continue
        body = next(
            node.body
            for node in _parsed(module).body
            if isinstance(node, ast.ClassDef) and node.name == one.__name__
        )
        for node, after in pairwise([*body, ast.Pass()]):
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                name = node.target.id
                meaning = _text(after) or (found[name].meaning if name in found else "")
                if not meaning:
                    raise KeyError(f"{one.__name__}.{name} has no docstring")
                found[name] = _Declared(node.annotation, module, meaning)
    return found


@cache
def _parsed(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _text(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return " ".join(str(node.value.value).split())
    return ""


def _words(node: ast.expr, module: ModuleType) -> str:
    """A type in the words of the page."""
    match node:
        case ast.BinOp(left=left, right=ast.Constant(value=None)):
            return _words(left, module)
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[first, *_])):
            return _words(first, module)
        case ast.Subscript(value=ast.Name(id="Literal"), slice=choices):
            written = ast.literal_eval(choices)
            return _choices(written if isinstance(written, tuple) else (written,))
        case ast.Subscript(value=ast.Name(id="list"), slice=entry):
            return f"list of {_words(entry, module)}"
        case ast.Subscript(value=ast.Name(id="dict"), slice=ast.Tuple(elts=[_, entry])):
            return f"names, each with {_words(entry, module)}"
        case ast.Name(id=name) if name in _WORDS:
            return _WORDS[name]
        case ast.Name(id=name):
            kind = getattr(module, name)
            if get_origin(kind) is Literal:
                return _choices(get_args(kind))
            if any(True for _ in _inner(kind)):
                return "section"
    raise KeyError(f"no words for {ast.unparse(node)}")


def _choices(choices: tuple[str, ...]) -> str:
    return ", ".join(f"`{choice}`" for choice in choices)


def _default(field: FieldInfo, one: _Declared) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value in ({}, []) or isinstance(value, Section):
        return ""
    named = {node.id for node in ast.walk(one.annotation) if isinstance(node, ast.Name)}
    return f"`{_shown(value, duration=bool(named & _DURATIONS))}`"


def _shown(value: object, *, duration: bool) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_shown(part, duration=duration) for part in value)}]"
    if isinstance(value, float) and value.is_integer():
        seconds = int(value)
        unit = next(((size, name) for size, name in _UNITS if not seconds % size), (1, "s"))
        return f"{seconds // unit[0]}{unit[1]}" if duration else f"{seconds}"
    return str(value)


if __name__ == "__main__":
    sys.stdout.write(reference())
