"""The whole way: file, environment, flags; what is wrong is said with its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedconsole.config.find import find, places
from embedconsole.config.load import load
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.config.load import Loaded

    Load = Callable[..., Loaded]


def said(loaded: Load, text: str, **more: object) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        loaded(text, **more)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return str(caught.value).splitlines()


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
            "c.yaml:2: embedders.ml: type: unknown embedder type, one of http, hashing, "
            "openai, replicate, fastembed; did you mean 'http'?",
        ),
        (
            "type: http, ",
            "",
            "c.yaml:2: embedders.ml: type: missing; one of http, hashing, openai, replicate, fastembed",
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


@pytest.mark.parametrize(
    ("name", "value", "key"),
    [
        ("EMBEDCONSOLE_CHUNK_SIZE", "50", "chunk_size=50"),
        ("embedconsole_chunk_size", " 50 ", "chunk_size=50"),
        ("EMBEDCONSOLE_RETRY__ATTEMPTS", "5", "retry=RetryConfig(attempts=5,"),
        ("EMBEDCONSOLE_RETRY__BACKOFF", "[1, 2m]", "backoff=[1.0, 120.0]"),
        ("EMBEDCONSOLE_RETRY", "{attempts: 9}", "retry=RetryConfig(attempts=9,"),
        ("EMBEDCONSOLE_PIPELINES__PRODUCTS__COLLECTION__NAME", "x", "name='x'"),
        ("EMBEDCONSOLE_PIPELINES__PRODUCTS__EMBED__TEXT", "{title}!", "text='{title}!'"),
        ("EMBEDCONSOLE_PIPELINES__PRODUCTS__EMBED__IMAGE", "{image_url}", "image='{image_url}'"),
        ("EMBEDCONSOLE_EMBEDDERS__MY_2ND_ML__SIZE", "64", "size=64"),
        ("EMBEDCONSOLE_LOG__LEVEL", "debug", "level='debug'"),
    ],
)
def test_environment_overrides(base: str, loaded: Load, name: str, value: str, key: str) -> None:
    text = base.replace("pipelines:", "  my-2nd--ml: {type: hashing}\npipelines:") + "chunk_size: 7\n"
    assert key not in str(loaded(text).settings)
    assert key in str(loaded(text, {name: value}).settings)


def test_unrelated_variables_are_left_alone_and_near_misses_noted(base: str, loaded: Load) -> None:
    others = ("CONFIG", "STATE_DIR", "LOG_DIR", "TEST_MYSQL_URL", "TEST_WORKERS", "CONSOLE_SIZE")
    environ = {f"EMBEDCONSOLE_{name}": "x" for name in others} | {"OTHER_CHUNK_SIZE": "1"}
    assert loaded(base, environ).settings == loaded(base).settings
    assert loaded(base, environ).notes == ()
    assert loaded(base, {"EMBEDCONSOLE_CHUNKSIZE": "1", "EMBEDCONSOLE_PIPELINE__A__WORKERS": "1"}).notes == (
        "environment EMBEDCONSOLE_CHUNKSIZE is no setting and is ignored; "
        "did you mean EMBEDCONSOLE_CHUNK_SIZE?",
        "environment EMBEDCONSOLE_PIPELINE__A__WORKERS is no setting and is ignored; "
        "did you mean EMBEDCONSOLE_PIPELINES__A__WORKERS?",
    )


@pytest.mark.parametrize(
    ("environ", "line"),
    [
        (
            {"EMBEDCONSOLE_WORKERS": "many"},
            "environment EMBEDCONSOLE_WORKERS: workers: should be a whole number",
        ),
        (
            {"EMBEDCONSOLE_RETRY__ATTEMPT": "1"},
            "environment EMBEDCONSOLE_RETRY__ATTEMPT: retry.attempt: unknown key "
            "'attempt', did you mean 'attempts'?",
        ),
        (
            {"EMBEDCONSOLE_PIPELINES__PRODUCT__WORKERS": "1"},
            "environment EMBEDCONSOLE_PIPELINES__PRODUCT__WORKERS: no "
            "pipeline 'product', did you mean 'products'?; known: products",
        ),
        (
            {"EMBEDCONSOLE_EMBEDDERS__ML__TYPE__X": "1"},
            "environment EMBEDCONSOLE_EMBEDDERS__ML__TYPE__X: embedders.ml.type has no keys of its own",
        ),
        (
            {"EMBEDCONSOLE_WORKERS": "1", "embedconsole_workers": "2"},
            "environment embedconsole_workers: means the same as EMBEDCONSOLE_WORKERS; remove one of them",
        ),
        (
            {"EMBEDCONSOLE_RETRY__": "1"},
            "environment EMBEDCONSOLE_RETRY__: has underscores that lead nowhere",
        ),
        (
            {"EMBEDCONSOLE_LEDGER": "hunter2"},
            "environment EMBEDCONSOLE_LEDGER: ledger: not a database URL; write "
            "mysql://USER:PASSWORD@HOST:3306/DATABASE, postgresql://USER:PASSWORD@HOST:5432/DATABASE or sqlite:////PATH",
        ),
    ],
)
def test_environment_errors_name_the_variable(
    base: str, loaded: Load, environ: dict[str, str], line: str
) -> None:
    assert said(loaded, base, environ=environ) == [line]


def test_what_is_inside_a_section_wins_over_the_section(base: str, loaded: Load) -> None:
    environ = {"EMBEDCONSOLE_RETRY__ATTEMPTS": "5", "EMBEDCONSOLE_RETRY": "{attempts: 9, call_attempts: 4}"}
    for names in (list(environ), list(reversed(environ))):
        retry = loaded(base, {name: environ[name] for name in names}).settings.retry
        assert (retry.attempts, retry.call_attempts) == (5, 4)


def test_ambiguous_names_are_errors(base: str, loaded: Load) -> None:
    text = base.replace("pipelines:", "  a-b: {type: hashing}\n  a_b: {type: hashing}\npipelines:")
    assert said(loaded, text, environ={"EMBEDCONSOLE_EMBEDDERS__A_B__SIZE": "64"}) == [
        "environment EMBEDCONSOLE_EMBEDDERS__A_B__SIZE: may mean a-b or a_b"
    ]


LEVELS = st.one_of(st.none(), st.integers(1, 10_000))


@settings(deadline=None)
@given(file=LEVELS, environment=LEVELS, flag=LEVELS)
@pytest.mark.parametrize(("key", "default"), [("chunk_size", 100), ("retry.attempts", 3)])
def test_precedence(
    base: str,
    loaded: Load,
    key: str,
    default: int,
    file: int | None,
    environment: int | None,
    flag: int | None,
) -> None:
    head, _, tail = key.partition(".")
    written = "" if file is None else f"{head}: {{{tail}: {file}}}\n" if tail else f"{head}: {file}\n"
    environ = (
        {} if environment is None else {f"EMBEDCONSOLE_{key.upper().replace('.', '__')}": str(environment)}
    )
    result = loaded(base + written, environ, {key: flag})
    value = getattr(result.settings, head)
    expected = next((level for level in (flag, environment, file) if level is not None), default)
    assert (getattr(value, tail) if tail else value) == expected
    mark = result.origins.get(tuple(key.split(".")))
    place = "command line" if flag else f"environment {next(iter(environ))}" if environment else "c.yaml"
    assert (mark is None) if (flag, environment, file) == (None,) * 3 else (mark and mark.source == place)


def test_flags_also_win_over_a_pipelines_own_settings(base: str, loaded: Load) -> None:
    text = base + "    workers: 5\n    retry: {attempts: 7}\n"
    result = loaded(
        text, None, {"workers": 2, "retry.attempts": 1, "retry.call_attempts": 2, "chunk_size": 9}
    )
    pipeline = result.settings.pipelines["products"]
    assert pipeline.workers == 2
    assert pipeline.retry is not None
    assert (pipeline.retry.attempts, pipeline.retry.model_fields_set) == (1, {"attempts"})
    assert pipeline.chunk_size is None


def test_flag_errors_name_the_command_line(base: str, loaded: Load) -> None:
    assert said(loaded, base, overrides={"chunk_size": 0}) == [
        "command line: chunk_size: should be at least 1"
    ]


def test_relative_paths_start_at_the_configuration_file(base: str, loaded: Load) -> None:
    text = base.replace('url: "http://qdrant:6333"', "path: ./qdrant") + "log: {path: ../e.log}\n"
    text = text.replace("pipelines:", "  local: {type: fastembed, path: /models/x}\npipelines:")
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


WORDS = st.sampled_from(
    [
        "embedders",
        "pipelines",
        "ml",
        "type",
        "http",
        "url",
        "catalog",
        "collection",
        "embed",
        "vectors",
        "text",
        "payload",
        "indexes",
        "headers",
        "retry",
        "backoff",
        "log",
        "path",
        "~root",
        "~nobody-here/x",
        "name",
        "1h",
        "",
        "-1",
        "1e999",
        "9" * 5000,
        "nan",
        "true",
        "hashing",
        "sqlite://",
        "mysql://[",
        "http://[",
        "${A",
        "{x}",
        "\x00",
    ]
)
VALUES = st.recursive(
    st.one_of(st.none(), WORDS, st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=4)),
    max_leaves=20,
)


@settings(deadline=None, max_examples=300)
@given(path=st.lists(WORDS, min_size=1, max_size=4), value=VALUES)
def test_any_value_anywhere_loads_or_is_a_configuration_error(
    base: str, loaded: Load, path: list[str], value: object
) -> None:
    try:
        loaded(base, None, {".".join(path): value})
        loaded(base, None, {"pipelines.products." + ".".join(path): value})
        loaded(base, None, {"embedders.ml." + ".".join(path): value})
    except ConfigError:
        pass


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_a_damaged_file_loads_or_is_a_configuration_error(
    base: str, loaded: Load, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(base)))
    end = data.draw(st.integers(start, min(len(base), start + 12)))
    junk = data.draw(st.one_of(WORDS, st.text(max_size=5)))
    try:
        loaded(base[:start] + junk + base[end:])
    except ConfigError as fault:
        lines = str(fault).splitlines()
    else:
        lines = []
    assert all(line.startswith("c.yaml:") for line in lines)


@settings(deadline=None)
@given(st.dictionaries(st.text(alphabet="_ACEHIKLNPRSTUWXYZ", max_size=20), st.text(max_size=20), max_size=3))
def test_any_environment_loads_or_is_a_configuration_error(
    base: str, loaded: Load, names: dict[str, str]
) -> None:
    try:
        loaded(base, {f"EMBEDCONSOLE_{name}": value for name, value in names.items()})
    except ConfigError as fault:
        lines = str(fault).splitlines()
    else:
        lines = []
    assert all(line.startswith("environment EMBEDCONSOLE_") for line in lines)


def test_importing_the_configuration_is_cheap() -> None:
    modules = ["load", "show", "pipeline", "paths", "database", "environment"]
    code = "import sys\n" + "".join(f"import embedconsole.config.{name}\n" for name in modules)
    code += (
        "print([m for m in ('sqlalchemy', 'httpx', 'textual', 'numpy', 'qdrant_client') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
