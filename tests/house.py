"""Figures of the source tree: `python tests/house.py` prints them, `test_house` holds them."""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, fields
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_NOUNS = {
    *("batching", "embed", "embedded", "embedding", "fastembed", "feed"),
    *("hashing", "indexed", "logging", "shared", "tracing"),
}
"""Words of the field that end as participles do."""
_STILTED = re.compile(
    r"\b(nobody|somebody|everybody|whoever|anew|mend(?:s|ed)?|goes on|going on|is told|tells of"
    r"|let (?:it|them) be|of before|all the same|besides|broken off|given back)\b",
    re.IGNORECASE,
)
"""Words that the pages and messages of this program once had, where there is a plain one."""


@dataclass(frozen=True)
class Figures:
    """What the tree comes to; each list names what is to be changed where it is not empty.

    Attributes:
        packages: Modules in each package, the migrations left out.
        participles: Modules whose name says what they do instead of what they are.
        classes_twice: Names of public classes that mean two things, with where they are.
        cycles: Modules that import each other in a circle, imports for types included.
        stilted: Old-fashioned words, by file.
    """

    packages: dict[str, int]
    participles: list[str]
    classes_twice: dict[str, list[str]]
    cycles: list[str]
    stilted: dict[str, int]

    @property
    def modules(self) -> int:
        """All modules that are not packages."""
        return sum(self.packages.values())


class House:
    """A source tree that is looked at.

    Args:
        root: The folder that has `src/embedconsole` and `docs` in it.
    """

    def __init__(self, root: Path = _ROOT) -> None:
        self._root = root
        self._source = root / "src"

    def figures(self) -> Figures:
        """Count everything."""
        return Figures(
            packages=dict(Counter(_package(name) for name in self._modules)),
            participles=[name for name in self._modules if _is_participle(name.rsplit(".", 1)[-1])],
            classes_twice={name: where for name, where in self._classes().items() if len(where) > 1},
            cycles=self._cycle(),
            stilted=self._stilted(),
        )

    @cached_property
    def _trees(self) -> dict[str, ast.Module]:
        """All modules and packages by their dotted name, parsed."""
        files = sorted(path for path in self._source.rglob("*.py") if path.parent != self._source)
        return {_dotted(path.relative_to(self._source)): ast.parse(path.read_text()) for path in files}

    @cached_property
    def _modules(self) -> list[str]:
        packages = {_package(name) for name in self._trees}
        return [name for name in self._trees if name not in packages and ".versions" not in name]

    def _classes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for name in self._modules:
            for node in self._trees[name].body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    found[node.name].append(name)
        return found

    def _cycle(self) -> list[str]:
        """The modules of one import cycle; none where there is no cycle."""
        graph = {name: self._imports(tree) - {name} for name, tree in self._trees.items()}
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            cycle: list[str] = error.args[1]
            return cycle
        return []

    def _imports(self, tree: ast.Module) -> set[str]:
        found: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module is not None:
                inside = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= (inside & set(self._trees)) or {node.module}
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
        return found & set(self._trees)

    def _stilted(self) -> dict[str, int]:
        pages = [*self._source.rglob("*.py"), *(self._root / "docs").glob("*.md"), self._root / "README.md"]
        pages.append(self._root / "config.example.yaml")
        words = {
            str(page.relative_to(self._root)): len(_STILTED.findall(page.read_text()))
            for page in pages
            if page.exists()
        }
        return {page: count for page, count in words.items() if count}


def _dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _package(name: str) -> str:
    return name.rpartition(".")[0]


def _is_participle(name: str) -> bool:
    last = name.rsplit("_", 1)[-1]
    return last.endswith(("ing", "ed")) and last not in _NOUNS


def main() -> None:
    figures = House().figures()
    biggest = max(figures.packages, key=lambda name: figures.packages[name])
    sys.stdout.write(
        f"{figures.modules} modules; the biggest package is {biggest} with {figures.packages[biggest]}\n"
    )
    for name in [one.name for one in fields(figures)][1:]:
        found = getattr(figures, name)
        sys.stdout.write(f"{name}: {sum(found.values()) if name == 'stilted' else len(found)}\n")
        for one in found:
            sys.stdout.write(f"  {one} {found[one] if isinstance(found, dict) else ''}\n")


if __name__ == "__main__":
    main()
