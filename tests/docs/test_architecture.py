"""Modules, packages and tests that documents name exist; every package of the engine is named."""

from __future__ import annotations

import re

from docs.documents import ROOT, blocks, spans

PAGE = "docs/architecture.md"
_PATH = re.compile(r"[\w/]+(\.py|/)")
_PACKAGES = ROOT / "src" / "embedconsole"


def test_the_paths_that_it_names_exist() -> None:
    paths = [span for span in spans(PAGE) if _PATH.fullmatch(span)]
    assert len(paths) > 50
    assert [path for path in paths if not ((_PACKAGES / path).exists() or (ROOT / path).exists())] == []


def test_it_names_every_package() -> None:
    found = [*_PACKAGES.glob("*/__init__.py"), *(_PACKAGES / "sync").glob("*/__init__.py")]
    packages = {f"{path.parent.relative_to(_PACKAGES).as_posix()}/" for path in found} - {"sync/"}
    assert packages - set(spans(PAGE)) == set()
    assert all(
        word in "".join(blocks(PAGE, "")) for word in ("catalog", "plan", "ledger", "worker", "collection")
    )


def test_the_tests_that_hold_the_promises_exist() -> None:
    files = [span for span in spans("docs/reliability.md") if re.fullmatch(r"[\w/]+\.py", span)]
    assert len(files) > 30
    assert [file for file in files if not ((ROOT / "tests" / file).exists() or (ROOT / file).exists())] == []


def test_the_reading_list_of_contributors_exists() -> None:
    paths = [span for span in spans("CONTRIBUTING.md") if span.startswith("src/") and span.endswith(".py")]
    assert len(paths) == 8
    assert [path for path in paths if not (ROOT / path).exists()] == []
