"""The demo's folder: a sample catalog, and a configuration that syncs it with nothing from outside."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.config.load import load
from embedconsole.demo.catalog import make_demo_catalog
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from embedconsole.config.load import Loaded

_CONFIGURATION_FILE = "embedconsole.yaml"
_COLLECTION = "products"
_MARK = "# Made by `embedconsole demo`."
"""By which the demo knows a folder as its own."""
_FILES = ("shop.db*", "ledger.db*", "embedconsole.log*", _CONFIGURATION_FILE)

_CONFIGURATION = """\
{mark} Copy it as a start for a configuration of your own.
ledger: sqlite:///{ledger}
embedders:
  words:
    type: hashing         # words and parts of words: no meaning, but offline and free
    size: 512
pipelines:
  products:
    catalog:
      url: sqlite:///{catalog}
      query: |
        SELECT p.id, p.sku, p.title, p.description, c.name AS category, p.price, p.stock > 0 AS in_stock,
               p.image_url, p.color, p.size_options, p.created_at, p.updated_at
        FROM products p LEFT JOIN categories c ON c.id = p.category_id WHERE p.deleted_at IS NULL
      key: id
      # No `changed: updated_at`: an edit by hand leaves that column alone, and is to be found anyway.
      json_columns: [size_options]
      writeback: {{synced_at: embedding_synced_at, flag: needs_embedding}}
    embed:
      embedder: words
      text: "{{title}}\\n{{description}}"
      image: "{{image_url}}"
    collection:
      path: ./qdrant
      name: {collection}
      distance: cosine
      payload:
        product_id: sku
        title: title
        category: category
        price: price
        in_stock: in_stock
        image_url: image_url
        metadata: {{color: color, size: size_options}}
      indexes: {{title: text, category: keyword, price: float, in_stock: bool}}
log:
  path: ./embedconsole.log
"""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The demo, ready to run; `made` when its catalog is new."""

    loaded: Loaded
    made: bool


def reset_demo(folder: Path) -> None:
    """Delete what the demo has made in its folder, and nothing else.

    Raises:
        ConfigError: the folder has files, and the demo did not make them.
        OSError: they can't be deleted.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    _check_made_here(folder)
    for pattern in _FILES:
        for path in folder.glob(pattern):
            path.unlink()
    store = folder / "qdrant"
    for path in (*store.glob(f"{_COLLECTION}*"), *store.glob("aliases.json*")):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _check_made_here(folder: Path) -> None:
    configuration = folder / _CONFIGURATION_FILE
    if not configuration.is_file() or _MARK not in configuration.read_text("utf-8", "replace"):
        raise ConfigError(
            f"Name an empty folder with --dir, or one of the demo: {folder} has files of others "
            f"({_CONFIGURATION_FILE} does not begin with {_MARK!r})"
        )


def prepare_demo(folder: Path, products: int) -> Prepared:
    """Make what the demo needs and is not there yet.

    Raises:
        ConfigError: the folder has a configuration that the demo did not make.
        OSError: the folder can't be written.
    """
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    catalog, configuration = folder / "shop.db", folder / _CONFIGURATION_FILE
    if configuration.exists():
        _check_made_here(folder)
    made = not catalog.exists()
    if made:
        # Under another name until it is whole: a demo that was killed begins again.
        unfinished = folder / "shop.db.new"
        unfinished.unlink(missing_ok=True)
        make_demo_catalog(unfinished, products)
        unfinished.rename(catalog)
    if not configuration.exists():
        configuration.write_text(
            _CONFIGURATION.format(
                mark=_MARK,
                collection=_COLLECTION,
                ledger=(folder / "ledger.db").as_posix(),
                catalog=catalog.as_posix(),
            ),
            encoding="utf-8",
        )
    return Prepared(load(configuration, environ={}), made)
