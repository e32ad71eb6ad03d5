"""Kinds of values: durations, database URLs, headers, and pipelines with what they inherit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from embedconsole.config.database import database_url
from embedconsole.config.paths import ledger_url, log_dir, log_path, state_dir
from embedconsole.config.pipeline import resolve_pipelines
from embedconsole.config.sections.embedders.http import HttpConfig
from embedconsole.config.settings import ScheduleConfig
from embedconsole.config.types import parse_duration
from embedconsole.faults import ConfigError
from embedconsole.redact import mask_database_url, mask_url

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from embedconsole.config.load import Loaded


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("90s", 90), (" 5m ", 300), ("1h30m", 5400), ("1d", 86400), ("250ms", 0.25), ("1.5h", 5400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "h", "1h 30m", "1 h", "soon", "1H", "٣s", "1e3", "inf", "nan", "-", "1h-"]
)
def test_no_durations(text: str) -> None:
    with pytest.raises(ValidationError, match="should be a duration"):
        ScheduleConfig.model_validate({"every": text})


@pytest.mark.parametrize("value", ["-5", "0", -1, True, float("inf"), float("nan"), "99999999d", "9" * 400])
def test_durations_out_of_range(value: object) -> None:
    with pytest.raises(ValidationError):
        ScheduleConfig.model_validate({"every": value})


@given(st.integers(0, 30), st.integers(0, 23), st.integers(0, 59), st.integers(1, 59), st.integers(1, 999))
def test_durations_round_trip(days: int, hours: int, minutes: int, seconds: int, milliseconds: int) -> None:
    total = days * 86400 + hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
    for text in (f"{days}d{hours}h{minutes}m{seconds}s{milliseconds}ms", f"{total:.3f}", f"{total:.3f}s"):
        assert ScheduleConfig.model_validate({"every": text}).every == pytest.approx(total)


@pytest.mark.parametrize(
    ("written", "used"),
    [
        ("postgresql://u:p@h/d", "postgresql+psycopg://u:p@h/d"),
        ("postgres://u:p@h:5432/d?sslmode=require", "postgresql+psycopg://u:p@h:5432/d?sslmode=require"),
        ("mysql://u:p%40@h/d", "mysql+pymysql://u:p%40@h/d"),
        ("MariaDB://h/d", "mysql+pymysql://h/d"),
        ("mysql+mysqldb://h/d", "mysql+mysqldb://h/d"),
        ("sqlite:///shop.db", "sqlite:///shop.db"),
        ("sqlite:////srv/shop.db\n", "sqlite:////srv/shop.db"),
        ("sqlite://", "sqlite://"),
        ("oracle+oracledb://u@h", "oracle+oracledb://u@h"),
        ("postgresql:///shop?host=/run/postgresql", "postgresql+psycopg:///shop?host=/run/postgresql"),
        ("postgresql://u:p@[::1]:5432/d", "postgresql+psycopg://u:p@[::1]:5432/d"),
        # Rails
        ("trilogy://u:p@h/d?pool=5", "mysql+pymysql://u:p@h/d"),
        ("mysql2://u:p@h/d?pool=5&encoding=utf8mb4&reconnect=true", "mysql+pymysql://u:p@h/d"),
        ("postgres://u:p@h/d?pool=5&prepared_statements=false", "postgresql+psycopg://u:p@h/d"),
        ("sqlite:///db/dev.sqlite3?pool=5", "sqlite:///db/dev.sqlite3"),
        # Symfony's Doctrine
        (
            "mysql://u:p@h:3306/d?serverVersion=8.0.32&charset=utf8mb4",
            "mysql+pymysql://u:p@h:3306/d?charset=utf8mb4",
        ),
        ("postgresql://u:p@h/d?serverVersion=16&charset=utf8", "postgresql+psycopg://u:p@h/d"),
        ("mysqli://u:p@h/d?charset=utf8", "mysql+pymysql://u:p@h/d?charset=utf8mb4"),
        # Prisma, and providers that write for it
        (
            "postgresql://u:p@h/d?schema=public&pgbouncer=true&connection_limit=1",
            "postgresql+psycopg://u:p@h/d",
        ),
        ("postgresql://u:p@h/d?schema=shop", "postgresql+psycopg://u:p@h/d?options=-csearch_path%3Dshop"),
        (
            "mysql://u:p@h/d?sslaccept=accept_invalid_certs",
            "mysql+pymysql://u:p@h/d?ssl_check_hostname=false",
        ),
        # Django, with GIS and a socket
        (
            "postgis://u:p@h/d?conn_max_age=600&ssl_require=true",
            "postgresql+psycopg://u:p@h/d?sslmode=require",
        ),
        (
            "postgres://u:p@%2Fvar%2Frun%2Fpostgresql/d",
            "postgresql+psycopg://u:p@/d?host=/var/run/postgresql",
        ),
        ("mysql://u:p@%2Frun%2Fmysqld.sock/d", "mysql+pymysql://u:p@/d?unix_socket=/run/mysqld.sock"),
        # SQLAlchemy for asyncio
        ("postgresql+asyncpg://u:p@h/d?ssl=require", "postgresql+psycopg://u:p@h/d?sslmode=require"),
        ("mysql+aiomysql://u:p@h/d", "mysql+pymysql://u:p@h/d"),
        ("sqlite+aiosqlite:///shop.db", "sqlite:///shop.db"),
        # Node
        ("postgres://u:p@h/d?sslmode=no-verify", "postgresql+psycopg://u:p@h/d?sslmode=require"),
        ("postgres://u:p@h/d?ssl=true", "postgresql+psycopg://u:p@h/d?sslmode=require"),
        # Providers of MySQL
        ("mysql://u:p@h:25060/d?ssl-mode=REQUIRED", "mysql+pymysql://u:p@h:25060/d?ssl_check_hostname=false"),
        (
            "mysql://u:p@h/d?sslmode=verify-full&ssl-ca=/ca.pem",
            "mysql+pymysql://u:p@h/d?ssl_ca=/ca.pem",
        ),
        ("mysql://u:p@h/d?ssl-mode=DISABLED", "mysql+pymysql://u:p@h/d"),
        # What libpq and PyMySQL know themselves
        (
            "postgresql://u:p@h/d?sslmode=require&channel_binding=require&application_name=shop",
            "postgresql+psycopg://u:p@h/d?sslmode=require&channel_binding=require&application_name=shop",
        ),
        ("mysql://u:p@h/d?collation=utf8mb4_bin", "mysql+pymysql://u:p@h/d?collation=utf8mb4_bin"),
    ],
)
def test_database_urls(written: str, used: str) -> None:
    assert database_url(SecretStr(written)) == used
    assert database_url(used) == used


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("mysql", "DB_CONNECTION"),
        ("hunter2", "mysql://USER:PASSWORD@HOST:3306/DATABASE"),
        ("", "mysql://USER:PASSWORD@HOST:3306/DATABASE"),
        ("pgsql://u:hunter2@h/d", "write postgresql://"),
        ("jdbc:mysql://h/d?password=hunter2", "remove jdbc:"),
        ("/srv/hunter2/shop.sqlite", "write sqlite:///"),
        ("sqlite:/srv/hunter2.dat", "sqlite:////srv/shop.db"),
        ("sqlite3:db/hunter2.sqlite3", "sqlite:///shop.db for a relative path"),
        ("file:./hunter2.db", "sqlite:///shop.db for a relative path"),
        ("sqlite:///%kernel.project_dir%/hunter2.db", "the folder itself"),
        ("mysql://u:hunter2@h/d?ssl-mode=VERIFY_IDENTITY", "write ssl_ca=/etc/ssl/certs/"),
        ("mysql://u:hunter2@h/d?sslaccept=strict", "write ssl_ca=/etc/ssl/certs/"),
        ("sqlite://hunter2.db", "three slashes"),
        ("mysql://u:hunter2/x@h/d", "percent-encode"),
        ("mysql://u:hunter2@x@h/d", "percent-encode"),
        ("mysql://u:hunter2#x@h/d", "percent-encode"),
        ("postgresql://[hunter2/d", "percent-encode"),
        ("https://u:hunter2@h/d", "web service"),
    ],
)
def test_unusable_database_urls_say_what_to_write(written: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        database_url(written)
    assert hint in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("mysql://shop:hunter2@db:3306/shop", "mysql://shop:***@db:3306/shop"),
        ("mysql://shop:hunt@er/2@db/shop", "mysql://shop:***@db/shop"),
        ("mysql://shop@db/shop", "mysql://shop@db/shop"),
        ("sqlite:////srv/a:b@c.db", "sqlite:////srv/a:b@c.db"),
        (
            "postgresql:///shop?host=/tmp&password=hunter2&x=1",
            "postgresql:///shop?host=/tmp&password=***&x=1",
        ),
        ("hunter2", "***"),
    ],
)
def test_database_urls_are_shown_without_password(url: str, shown: str) -> None:
    assert mask_database_url(url) == shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://ml:8000/embed@v2", "http://ml:8000/embed@v2"),
        ("https://hunter2@ml/x", "https://***@ml/x"),
        ("https://u:hunter2@ml/x?api_key=hunter2&a=b", "https://***@ml/x?api_key=***&a=b"),
        ("{title}", "{title}"),
    ],
)
def test_addresses_are_shown_without_credentials(url: str, shown: str) -> None:
    assert mask_url(url) == shown


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12))
def test_no_password_shines_through(around: str) -> None:
    assert "hunter2" not in mask_database_url(f"mysql://shop:{around}hunter2{around}@db/shop")


@pytest.mark.parametrize(
    ("name", "value", "sent"),
    [
        ("Authorization", "Bearer abc", "Bearer abc"),
        ("Authorization", "Bearer abc\n", "Bearer abc"),
        ("Authorization", "abc", "abc"),
        ("Authorization", "Bearer ", None),
        ("authorization", "basic", None),
        ("X-Api-Key", "", None),
        ("X-Api-Key", "  ", None),
        ("X-Api-Key", None, None),
    ],
)
def test_headers_without_a_value_are_not_sent(name: str, value: str | None, sent: str | None) -> None:
    embedder = HttpConfig.model_validate({"type": "http", "url": "http://ml", "headers": {name: value}})
    assert embedder.request_headers == ({} if sent is None else {name: sent})


@pytest.mark.parametrize("headers", [{"A": "a\r\nB: c"}, {"A b": "c"}, {"": "c"}, {"A:": "c"}, {"A": "\x00"}])
def test_headers_that_smuggle_are_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        HttpConfig.model_validate({"type": "http", "url": "http://ml", "headers": headers})


def test_pipelines_inherit_what_they_do_not_say(base: str, loaded: Callable[..., Loaded]) -> None:
    own = "    chunk_size: 5\n    retry: {attempts: 7}\n    keep_vectors: always\n"
    text = base + own + "workers: 3\nretry: {attempts: 2, call_attempts: 9}\nmax_delete_fraction: 0\n"
    text = text.replace("pipelines:", "  spare: {type: hashing}\npipelines:")
    (pipeline,) = resolve_pipelines(loaded(text).settings)
    assert (pipeline.name, pipeline.chunk_size, pipeline.workers) == ("products", 5, 3)
    assert (pipeline.retry.attempts, pipeline.retry.call_attempts) == (7, 9)
    assert (pipeline.keep_vectors, pipeline.max_delete_fraction) == ("always", 0.0)
    assert list(pipeline.embedders) == ["ml"]
    assert list(pipeline.vectors) == [""]


def test_pipelines_by_name(base: str, loaded: Callable[..., Loaded]) -> None:
    body = base.split("  products:\n")[1]
    settings = loaded(base + "  images:\n" + body).settings
    assert [p.name for p in resolve_pipelines(settings)] == ["products", "images"]
    assert [p.name for p in resolve_pipelines(settings, ["images", "images"])] == ["images"]
    with pytest.raises(ConfigError) as caught:
        resolve_pipelines(settings, ["image", "products", "x"])
    assert str(caught.value).splitlines() == [
        "no pipeline 'image'; did you mean 'images'? known: products, images",
        "no pipeline 'x'; known: products, images",
    ]


def test_our_own_files(base: str, loaded: Callable[..., Loaded], tmp_path: Path) -> None:
    settings = loaded(base).settings
    environ = {"EMBEDCONSOLE_STATE_DIR": str(tmp_path / "s"), "EMBEDCONSOLE_LOG_DIR": str(tmp_path / "l")}
    assert state_dir(environ) == tmp_path / "s"
    assert ledger_url(settings, environ) == f"sqlite:///{tmp_path}/s/ledger.db"
    assert log_path(settings, environ) == tmp_path / "l" / "embedconsole.log"
    assert state_dir({}).is_absolute()
    assert log_dir({}).is_absolute()
    text = base + "ledger: mysql://u:p@h/d\nlog: {path: x.log}\n"
    assert ledger_url(loaded(text).settings, environ) == "mysql+pymysql://u:p@h/d"
    assert str(log_path(loaded(text).settings, environ)) == "/etc/shop/x.log"
