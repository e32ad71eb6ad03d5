"""The file: where it is found, and what is wrong in it is said with its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from config.reading import said
from embedconsole.config.load import find, load, places
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from config.reading import Load


def test_all_errors_come_with_file_line_and_path_in_the_order_of_the_file(base: str, loaded: Load) -> None:
    text = (
        base.replace("table: products", "tabel: products")
        + "chunksize: 3\nworkers: no\nretry: {backoff: []}\n"
    )
    assert said(loaded, text) == [
        "c.yaml:5: pipelines.products.catalog.tabel: unknown key 'tabel', did you mean 'table'?",
        "c.yaml:8: chunksize: unknown key 'chunksize', did you mean 'chunk_size'?",
        "c.yaml:9: workers: should be a whole number",
        "c.yaml:10: retry.backoff: should not be empty",
    ]


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "type: http",
            "type: htpp",
            "c.yaml:2: embedders.ml: type: unknown embedder type, one of http, openai, "
            "replicate, fastembed, hashing; did you mean 'http'?",
        ),
        (
            "type: http, ",
            "",
            "c.yaml:2: embedders.ml: type: missing; one of http, openai, replicate, fastembed, hashing",
        ),
        (
            '"http://ml:8000/embed"',
            "ml:8000",
            "c.yaml:2: embedders.ml.url: should be an address such as http://host:8000/path",
        ),
        (
            "type: http,",
            "type: http, shap: items,",
            "c.yaml:2: embedders.ml.shap: unknown key 'shap', did you mean 'shape'?",
        ),
        (
            "type: http,",
            "type: http, shape: singel,",
            "c.yaml:2: embedders.ml.shape: should be one of items, single; did you mean 'single'?",
        ),
        ("type: http,", "type: http, timeout: 0,", "c.yaml:2: embedders.ml.timeout: should be more than 0"),
        (
            "type: http,",
            "type: http, timeout: soon,",
            "c.yaml:2: embedders.ml.timeout: should be a duration such as 90, 90s, 5m, 1h30m or 1d",
        ),
        (
            "type: http,",
            "type: http, batch_size: 0,",
            "c.yaml:2: embedders.ml.batch_size: should be at least 1",
        ),
        (
            "type: http,",
            "type: http, price_per_1000: .inf,",
            "c.yaml:2: embedders.ml.price_per_1000: should be a number",
        ),
        (
            "type: http,",
            'type: http, headers: {"a b": x},',
            "c.yaml:2: embedders.ml.headers: has a header whose name can't be sent",
        ),
        *[
            (
                "type: http,",
                f'type: http, headers: {{X-Key: "{odd}"}},',
                "c.yaml:2: embedders.ml.headers: has a character that no HTTP header can carry, such as "
                "a dash or a line break from a document: type it again",
            )
            for odd in ("abc\u2013def", "\ufeffabc", "schlüssel", "abc\\ndef", "abc\\x00")
        ],
        (
            "embedder: ml",
            "embedder: mll",
            "c.yaml:6: pipelines.products.embed.embedder: no such embedder; known: ml; did you mean 'ml'?",
        ),
        (
            '"{title}"',
            '"{title"',
            "c.yaml:6: pipelines.products.embed.text: has a brace without its partner; columns "
            "are written {title}, a literal brace is doubled",
        ),
        (
            '"{title}"',
            '"{title}", image: "{url}", fields: {image_url: url}',
            "c.yaml:6: pipelines.products.embed.fields: image_url is what the picture is sent as: remove it "
            "from fields, or remove image",
        ),
        (
            "table: products",
            "table: products, writeback: {vector: v, insert: true}",
            "c.yaml:5: pipelines.products.catalog.writeback: insert goes with table: your products are "
            "never inserted by us",
        ),
        *[
            (
                'type: http, url: "http://ml:8000/embed"',
                f"{given}, url: http://ml:8000/embed",
                f"c.yaml:2: embedders.ml.extra.{field}: is filled in by embedconsole, so it can't be set "
                "here: remove it",
            )
            for given, field in (
                ("type: http, extra: {items: 1}", "items"),
                ("type: http, shape: single, extra: {text: x}", "text"),
                ("type: http, shape: single, request: {image: pic}, extra: {pic: x}", "pic"),
                ("type: openai, model: m, extra: {input: x}", "input"),
                ("type: replicate, model: a/b, text_input: q, extra: {q: x}", "q"),
            )
        ],
        (', text: "{title}"', "", "c.yaml:6: pipelines.products.embed: give text, image or both"),
        (", table: products", "", "c.yaml:5: pipelines.products.catalog: give either query or table"),
        (
            "sqlite:///shop.db",
            "pgsql://u:hunter2@h/d",
            "c.yaml:5: pipelines.products.catalog.url: not a database URL "
            "we can use: write postgresql:// instead of pgsql://",
        ),
        (
            "name: products}",
            "name: a/b}",
            "c.yaml:7: pipelines.products.collection.name: has a character that is not allowed here",
        ),
        (
            "name: products}",
            "name: products, path: x}",
            "c.yaml:7: pipelines.products.collection: give either url (a "
            "Qdrant server) or path (the embedded engine)",
        ),
        (
            "name: products}",
            "name: p, indexes: {a: boolean}}",
            "c.yaml:7: pipelines.products.collection.indexes.a: "
            "should be one of keyword, text, integer, float, bool, datetime, uuid, geo; did you mean 'bool'?",
        ),
        (
            "name: products}",
            "name: p, payload: {a: [b]}}",
            "c.yaml:7: pipelines.products.collection.payload: 'a': "
            "should be the name of a column or a mapping",
        ),
        (
            "name: products}",
            "name: p, every: 1h}",
            "c.yaml:7: pipelines.products.collection.every: unknown key 'every' here; it belongs in schedule",
        ),
        (
            "  products:\n",
            '  "\\e[2J":\n',
            "c.yaml:4: pipelines.\\x1b[2J: this name is too long, empty or has a "
            "character that is not allowed in one",
        ),
    ],
)
def test_what_an_operator_reads(base: str, loaded: Load, old: str, new: str, line: str) -> None:
    assert base.count(old) == 1
    assert said(loaded, base.replace(old, new)) == [line]


def test_an_empty_file_names_what_is_missing(loaded: Load) -> None:
    assert said(loaded, "") == ["embedders: missing", "pipelines: missing"] or said(loaded, "")[0].endswith(
        "missing"
    )


def test_a_key_without_a_value_is_its_default(base: str, loaded: Load) -> None:
    assert loaded(base + "workers:\nlog: {path: , level: ~}\nretry:\n").settings == loaded(base).settings


def test_relative_paths_start_at_the_configuration_file(base: str, loaded: Load) -> None:
    text = base.replace('url: "http://qdrant:6333"', "path: ./qdrant") + "log: {path: ../e.log}\n"
    text = text.replace("pipelines:", "  local: {type: fastembed, model: m, path: /models/x}\npipelines:")
    result = loaded(text).settings
    assert result.pipelines["products"].collection.path == Path("/etc/shop/qdrant")
    assert result.log.path == Path("/etc/shop/../e.log")
    assert getattr(result.embedders["local"], "path", None) == Path("/models/x")
    assert result.pipelines["products"].catalog.url.get_secret_value() == "sqlite:///shop.db"
    assert loaded(text, None, {"log.path": Path("x.log")}).settings.log.path == Path("/cwd/x.log")


def test_search_order(tmp_path: Path) -> None:
    first, second, named = tmp_path / "1.yaml", tmp_path / "2.yaml", tmp_path / "named.yaml"
    candidates = (first, second)
    with pytest.raises(ConfigError) as caught:
        find(None, {}, tmp_path, candidates=candidates)
    assert all(
        text in str(caught.value) for text in (str(first), str(second), "--config", "embedconsole demo")
    )
    second.touch()
    assert find(None, {}, tmp_path, candidates=candidates) == second
    first.touch()
    assert find(None, {}, tmp_path, candidates=candidates) == first
    named.touch()
    assert find(None, {"EMBEDCONSOLE_CONFIG": "named.yaml"}, tmp_path, candidates=candidates) == named
    assert find(first, {"EMBEDCONSOLE_CONFIG": "named.yaml"}, tmp_path, candidates=candidates) == first
    with pytest.raises(ConfigError, match=r"nope\.yaml: no such file \(\$EMBEDCONSOLE_CONFIG\)"):
        find(None, {"EMBEDCONSOLE_CONFIG": "nope.yaml"}, tmp_path, candidates=candidates)
    with pytest.raises(ConfigError, match=r"no such file \(--config\)"):
        find(tmp_path, {}, tmp_path, candidates=candidates)


def test_places_are_the_working_folder_the_users_and_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    cwd, _user, system = places(tmp_path)
    assert cwd == tmp_path / "embedconsole.yaml"
    assert system == Path("/etc/embedconsole/embedconsole.yaml")


def test_load_reads_the_file_it_finds(tmp_path: Path, base: str) -> None:
    path = tmp_path / "embedconsole.yaml"
    path.write_text(base + "workers: 3\n")
    result = load(environ={}, cwd=tmp_path)
    assert (result.path, result.settings.workers) == (path, 3)
    path.write_text(base + "workers: many\n")
    with pytest.raises(ConfigError) as caught:
        load(environ={}, cwd=tmp_path)
    assert str(caught.value) == f"{path}:8: workers: should be a whole number"


def test_importing_the_configuration_is_cheap() -> None:
    modules = ["load", "show", "pipeline", "paths", "database", "overrides"]
    code = "import sys\n" + "".join(f"import embedconsole.config.{name}\n" for name in modules)
    code += (
        "print([m for m in ('sqlalchemy', 'httpx', 'textual', 'numpy', 'qdrant_client') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_fields_that_a_shape_does_not_send_are_noted(base: str, loaded: Load) -> None:
    text = base.replace('"{title}"', '"{title}", fields: {name: title}')
    assert loaded(text).notes == ()
    assert loaded(text.replace("type: http,", "type: http, shape: single,")).notes == (
        "c.yaml:6: pipelines.products.embed.fields: is not sent: embedders.ml has shape: single, "
        "which sends text and image",
    )
