"""`setup` as a person uses it and as a Dockerfile does: on real databases, with services that are away."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner

from embedconsole.cli.invocation import Invocation
from embedconsole.cli.main import cli
from embedconsole.config.load import load
from support.shop import Shop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from click.testing import Result

    from support.databases import Database
    from support.embedding_service import EmbeddingService
    from support.installation import Json
    from support.qdrant_server import QdrantServer

_SECRET = "hunter2 p@ss/word"
_VARIABLES = (
    "DATABASE_URL", "QDRANT_URL", "QDRANT_API_KEY", "ML_EMBEDDING_URL", "ML_TOKEN", "EMBEDCONSOLE_CONFIG",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where setup is called, with an environment that holds nothing of ours."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("EMBEDCONSOLE_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def setup(*arguments: str, answers: Sequence[str] = ()) -> Result:
    """Run the command with what is typed, a line each."""
    return CliRunner().invoke(
        cli, ["setup", *arguments], input="".join(f"{line}\n" for line in answers), obj=Invocation()
    )


def written(folder: Path) -> Json:
    """The configuration that was written."""
    text: Json = yaml.safe_load((folder / "embedconsole.yaml").read_text())
    return text


def make_shop(database: Database) -> None:
    """Ten products, two of them marked as deleted."""
    shop = Shop(database)
    shop.create()
    shop.add(range(1, 11))
    shop.soft_delete([4, 5])


def test_enter_is_enough_where_the_guesses_are_right(folder: Path, database: Database) -> None:
    """On each database: the file is explained, has no secret, loads, and the dry run counts the shop."""
    make_shop(database)
    password = [] if database.dialect == "sqlite" else [""]
    # No preset; table, key, changed, text, image, payload, indexes, where, name; size, folder, collection.
    ended = setup(answers=[database.url, *password, "-", *[""] * 9, "hashing", "", "", ""])

    assert ended.exit_code == 0, ended.output
    assert "to embed 8 " in ended.stdout
    assert "This looks like products with embedding" in ended.stderr
    pipeline = written(folder)["pipelines"]["products"]
    catalog = pipeline["catalog"]
    assert (catalog["key"], catalog["changed"]) == ("id", "updated_at")
    assert "deleted_at IS NULL" in catalog["query"]
    assert pipeline["embed"] == {
        "embedder": "words",
        "text": "{title}\n{description}",
        "image": "{image_url}",
    }
    assert pipeline["collection"]["indexes"]["price"] == "float"
    assert not {"embedding", "needs_embedding"} & set(pipeline["collection"]["payload"])
    assert written(folder)["ledger"] == f"sqlite:///{folder / 'qdrant-ledger.db'}"
    assert stat.S_IMODE((folder / "embedconsole.yaml").stat().st_mode) == 0o600
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".db") == ["embedconsole.yaml"]


def test_every_part_is_tried_and_can_be_edited_retried_or_skipped(
    folder: Path, sqlite: Database, embedding_process: EmbeddingService, qdrant: QdrantServer
) -> None:
    """Wrong everything first, each said at once; secrets are asked without being shown and never written."""
    make_shop(sqlite)
    answers = [
        "jdbc:mysql://db/shop",  # no URL: asked again at once
        "postgresql://shop@127.0.0.1:9/shop",
        _SECRET,
        "retry",
        "edit",
        f"sqlite:///{folder / 'missing.db'}",
        "edit",
        "test.db",  # a path of a file that is there
        "-",  # no preset
        "nothing",
        "edit",
        "products",
        "?",
        "color",  # not unique
        "id",
        "changed_at",  # no such column
        "updated_at",
        *["", "", "title, price", "price:number", "price:float"],
        "id <> ",  # no condition
        "id <> 1",
        "shop",
        "http",
        "http://127.0.0.1:9/embed",
        "",
        "ML_TOKEN",
        _SECRET,
        "edit",
        "",
        embedding_process.url,
        "",
        "ML_TOKEN",
        "http://127.0.0.1:9",
        "-",
        "things",
        "retry",
        "edit",
        qdrant.url,
        "-",
        "things",
    ]

    ended = setup(answers=answers)

    assert ended.exit_code == 0, ended.output
    assert _SECRET not in ended.output
    for said in (
        "remove jdbc:",
        "connection failed",
        "there is no database file",
        "there is no table nothing",
        "color has the same value in several rows",
        "there is no column changed_at",
        "price:number: should be name:type",
        "one embedding of 8 dimensions",
        "does not exist yet",
        "export ML_TOKEN='***'",
        "to embed 9 ",
    ):
        assert said in ended.output, said
    assert "DATABASE_URL" not in ended.output
    text = (folder / "embedconsole.yaml").read_text()
    assert _SECRET not in text
    assert embedding_process.stats().headers[-1]["authorization"] == f"Bearer {_SECRET}"
    settings = load(folder / "embedconsole.yaml", environ={}).settings
    assert settings.pipelines["shop"].collection.payload == {"title": "title", "price": "price"}
    assert settings.pipelines["shop"].catalog.url.get_secret_value() == f"sqlite:///{folder / 'test.db'}"


@pytest.mark.parametrize("typed", [0, 1, 4, 12], ids=str)
def test_ending_half_way_leaves_nothing(folder: Path, sqlite: Database, typed: int) -> None:
    """Whoever ends it early, here because no more answers come, finds everything as it was."""
    make_shop(sqlite)
    before = sorted(folder.rglob("*"))

    ended = setup(answers=["test.db", "-", *[""] * 20][:typed])

    assert ended.exit_code == 130
    assert "nothing was written" in ended.stderr
    assert sorted(folder.rglob("*")) == before


def test_a_table_without_primary_key_and_without_rows(folder: Path, sqlite: Database) -> None:
    sqlite.run("CREATE TABLE things (label text, body text)")

    ended = setup("--yes", "--embedder", "hashing", "--set", "database-url-env=test.db")

    assert ended.exit_code == 0, ended.output
    assert "It is empty: nothing to preview" in ended.stderr
    pipeline = written(folder)["pipelines"]["things"]
    assert pipeline["catalog"]["key"] == "label"
    assert pipeline["embed"]["text"] == "{label}\n{body}"


def test_unattended_what_is_wrong_ends_it_and_nothing_is_written(
    folder: Path, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag is named, a dependency that is away is told, and the exit codes are those of all commands."""
    make_shop(sqlite)
    monkeypatch.setenv("SHOP", sqlite.url)
    at = ("--yes", "--database-url-env", "SHOP", "--table", "products")

    nothing = setup("--yes")
    column = setup(*at, "--embedder", "hashing", "--key", "nope")
    repeated = setup(*at, "--embedder", "hashing", "--key", "color")
    unset = setup("--yes", "--database-url-env", "NO_SUCH_VARIABLE")
    away = setup(*at, "--embedder", "http", "--embedder-url", "http://127.0.0.1:9/embed")

    assert (nothing.exit_code, "give --database-url-env" in nothing.output) == (2, True)
    assert "--key: there is no column nope" in str(column.exception)
    assert "--key: color has the same value" in str(repeated.exception)
    assert "NO_SUCH_VARIABLE is not set" in str(unset.exception)
    assert "can't be reached" in str(away.exception)
    assert not (folder / "embedconsole.yaml").exists()


def test_a_configuration_that_is_there_stays_unless_told(folder: Path, sqlite: Database) -> None:
    make_shop(sqlite)
    path = folder / "embedconsole.yaml"
    path.write_text("mine")
    at = ("--yes", "--set", "database-url-env=test.db", "--table", "products", "--embedder", "hashing")

    refused = setup(*at)

    assert (refused.exit_code, path.read_text()) == (2, "mine")
    assert "--force replaces it" in refused.stderr
    assert setup(*at, "--force").exit_code == 0
    assert "pipelines:" in path.read_text()
    other = setup(*at, "--config", "conf/other.yaml", "--name", "two", "--qdrant", "./vectors")
    assert other.exit_code == 0
    assert (folder / "conf" / "other.yaml").exists()


def test_without_tests_nothing_is_connected_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For images that are built where neither a database nor its address is: all is written down as given."""
    monkeypatch.delenv("SHOP", raising=False)

    ended = setup(
        "--yes", "--no-test", "--preset", "woocommerce", "--database-url-env", "SHOP",
        "--embedder", "openai", "--qdrant", "QDRANT_URL", "--set", "prefix=my_",
    )  # fmt: skip

    assert ended.exit_code == 0, ended.output
    text = (folder / "embedconsole.yaml").read_text()
    assert "FROM my_posts p" in text
    assert "  export SHOP=...\n" in ended.stderr
    settings = written(folder)
    assert settings["embedders"]["openai"]["api_key"] == "${OPENAI_API_KEY:-}"
    assert settings["pipelines"]["products"]["catalog"]["url"] == "${SHOP}"
    assert "image" not in settings["pipelines"]["products"]["embed"]


def test_a_parameter_of_a_preset_is_no_way_into_the_query(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    monkeypatch.setenv("SHOP", "mysql://127.0.0.1:9/shop")

    ended = setup(
        "--yes", "--no-test", "--preset", "woocommerce", "--database-url-env", "SHOP",
        "--set", "prefix=x; DROP TABLE wp_posts --",
    )  # fmt: skip

    assert "--prefix: should match" in str(ended.exception)


def test_an_existing_collection_of_another_size_is_refused(
    folder: Path, sqlite: Database, qdrant: QdrantServer, collection_name: str
) -> None:
    make_shop(sqlite)
    at = ("--yes", "--set", "database-url-env=test.db", "--table", "products", "--embedder", "hashing")
    place = ("--qdrant", qdrant.url, "--collection", collection_name)
    assert setup(*at, *place, "--set", "size=64").exit_code == 0
    ended = CliRunner().invoke(cli, ["--headless", "--once"], obj=Invocation())
    assert ended.exit_code == 0, ended.output

    refused = setup(*at, *place, "--force")
    fits = setup(*at, *place, "--force", "--set", "size=64")

    assert "its vector.size is 64; the embedder wants 512" in str(refused.exception)
    assert fits.exit_code == 0
    assert "8 points, 64 cosine" in fits.stderr


def test_hostile_names_and_values_do_nothing_to_the_terminal_and_are_quoted(
    folder: Path, sqlite: Database
) -> None:
    sqlite.run(
        'CREATE TABLE "pro ducts" (id integer PRIMARY KEY, "ti\x1b]52;c;x\x07tle" text, "${HOME}" text,'
        ' "a #b" text)',
        "INSERT INTO \"pro ducts\" VALUES (1, NULL, '\x1b[2J[red]x', 'y')",
    )
    at = ("--yes", "--set", "database-url-env=test.db", "--embedder", "hashing")

    braces = setup(*at, "--text", "${HOME}")
    ended = setup(*at, "--text", "a #b", "--payload", "${HOME}, a #b")

    assert "${HOME} can't stand in a template" in str(braces.exception)
    assert ended.exit_code == 0, ended.output
    assert "\x1b" not in ended.output.replace("\x1b[0m", "")
    assert "\x07" not in ended.output
    pipeline = load(folder / "embedconsole.yaml", environ={}).settings.pipelines["pro_ducts"]
    assert pipeline.embed is not None
    assert pipeline.embed.text == "{a #b}"
    assert pipeline.collection.payload == {"${HOME}": "${HOME}", "a #b": "a #b"}


def test_a_query_in_the_place_of_a_table(folder: Path, sqlite: Database) -> None:
    """As it was written, on one line or several; a join that gives an item two rows is refused."""
    make_shop(sqlite)
    at = ("--yes", "--force", "--set", "database-url-env=test.db", "--embedder", "hashing")
    one = "SELECT id, title, '${x}' AS odd FROM products WHERE deleted_at IS NULL"

    single = setup(*at, "--query", f"{one};")
    query = load(folder / "embedconsole.yaml", environ={}).settings.pipelines["products"].catalog.query
    several = setup(*at, "--query", one.replace(" FROM", "\nFROM"), "--payload", "*")
    joined = setup(*at, "--query", "SELECT p.id, p.title FROM products p JOIN categories c")

    assert (single.exit_code, query) == (0, one)
    assert several.exit_code == 0, several.output
    again = load(folder / "embedconsole.yaml", environ={}).settings.pipelines["products"]
    assert again.catalog.query == one.replace(" FROM", "\nFROM") + "\n"
    assert again.collection.payload is None
    assert "--key: id has the same value in several rows" in str(joined.exception)
