"""A newcomer finds the way in the source tree; `python tests/house.py` names what is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from house import Figures, House

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def figures() -> Figures:
    return House().figures()


def test_no_package_is_too_big_to_look_through(figures: Figures) -> None:
    assert {name: n for name, n in figures.packages.items() if n > 16} == {}


def test_modules_are_called_by_what_they_are(figures: Figures) -> None:
    assert figures.participles == []


def test_a_class_name_means_one_thing(figures: Figures) -> None:
    assert figures.classes_twice == {}


def test_no_modules_import_each_other_in_a_circle(figures: Figures) -> None:
    assert figures.cycles == []


def test_words_are_plain(figures: Figures) -> None:
    assert figures.stilted == {}


def test_what_is_in_the_way_is_found(tmp_path: Path) -> None:
    package = tmp_path / "src/embedconsole/sync"
    package.mkdir(parents=True)
    (tmp_path / "docs").mkdir()
    (package / "__init__.py").write_text("")
    (package.parent / "__init__.py").write_text("")
    (package / "attending.py").write_text("from embedconsole.sync import gate\nclass Worker: ...\n")
    (package / "gate.py").write_text(
        "from embedconsole.sync.attending import Worker\n# Nobody is told anew.\nclass Worker: ...\n"
    )

    figures = House(tmp_path).figures()

    assert figures.packages == {"embedconsole.sync": 2}
    assert figures.participles == ["embedconsole.sync.attending"]
    assert figures.classes_twice == {"Worker": ["embedconsole.sync.attending", "embedconsole.sync.gate"]}
    assert set(figures.cycles) == {"embedconsole.sync.attending", "embedconsole.sync.gate"}
    assert figures.stilted == {"src/embedconsole/sync/gate.py": 3}
