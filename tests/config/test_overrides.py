"""What the environment and the command line say beside the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.reading import said

if TYPE_CHECKING:
    from config.reading import Load


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
