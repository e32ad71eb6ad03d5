"""Database addresses: what operators write, turned into what SQLAlchemy takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from typing import TypeAlias

    from pydantic import SecretStr

    Options: TypeAlias = list[tuple[str, str]]

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9]*(?:\+[a-z0-9_]+)?)://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_POSTGRESQL, _MYSQL = "postgresql+psycopg", "mysql+pymysql"
_DRIVERS = {
    **dict.fromkeys(("postgresql", "postgres", "postgis"), _POSTGRESQL),
    **dict.fromkeys(("mysql", "mysql2", "mysqli", "trilogy", "mariadb"), _MYSQL),
    # Drivers for asyncio: the same database by another driver of ours.
    **dict.fromkeys(("postgresql+asyncpg", "postgres+asyncpg", "postgresql+psycopg_async"), _POSTGRESQL),
    **dict.fromkeys(("mysql+aiomysql", "mysql+asyncmy", "mariadb+asyncmy"), _MYSQL),
    "sqlite+aiosqlite": "sqlite",
}
_EXAMPLE = "mysql://USER:PASSWORD@HOST:3306/DATABASE, postgresql://USER:PASSWORD@HOST:5432/DATABASE or sqlite:////PATH"
_WRONG_SCHEMES = {
    "pgsql": "write postgresql:// instead of pgsql://",
    "psql": "write postgresql:// instead of psql://",
    "sqlsrv": "write mssql+pyodbc:// instead of sqlsrv:// (not a tested database)",
    "sqlserver": "write mssql+pyodbc:// instead of sqlserver:// (not a tested database)",
    "sqlite3": "write sqlite:// instead of sqlite3://",
    "http": "this is the address of a web service, not of a database",
    "https": "this is the address of a web service, not of a database",
}


_SOCKETS = {_POSTGRESQL: "host", _MYSQL: "unix_socket"}
_YES, _NO = ("true", "1", "yes", ""), ("false", "0", "no")
_SSL_MODES = {**dict.fromkeys(_YES, "require"), **dict.fromkeys(_NO, "disable")}
_AUTHORITIES = {"ssl_ca", "sslca", "sslrootcert", "ssl_capath"}
_MYSQL_NAMES = {
    **dict.fromkeys(_AUTHORITIES - {"ssl_capath"}, "ssl_ca"),
    "sslcert": "ssl_cert",
    "sslkey": "ssl_key",
    "socket": "unix_socket",
}
_OF_OTHERS = {
    # Symfony's Doctrine
    *("serverversion", "server_version", "driver", "persistent"),
    # Rails
    *("adapter", "pool", "reconnect", "prepared_statements", "encoding", "checkout_timeout", "strict"),
    *("reaping_frequency", "idle_timeout", "advisory_locks"),
    # Django's dj-database-url
    *("conn_max_age", "conn_health_checks"),
    # Prisma, and providers that write for it
    *("connection_limit", "pool_timeout", "pgbouncer", "socket_timeout", "statement_cache_size"),
    *("supa", "workaround"),
    # Go and JDBC
    *("parsetime", "loc", "useunicode", "characterencoding", "servertimezone", "timezone"),
    *("allowpublickeyretrieval", "zerodatetimebehavior", "connecttimeout", "sockettimeout"),
    # Pools of Node and SQLAlchemy, and asyncpg
    *("connectionlimit", "max_connections", "maxconnections", "poolsize", "pool_size", "pool_recycle"),
    *("pool_pre_ping", "max_overflow", "echo", "async_fallback", "prepared_statement_cache_size"),
}
"""Options of other frameworks that are about themselves, not about the database."""


def database_url(url: SecretStr | str) -> str:
    """The URL with the driver that is installed with us: psycopg 3 and PyMySQL.

    An explicit driver (`mysql+mysqldb://`), unless it is one for asyncio, and databases we know nothing of
    stay as they are. Options that only other frameworks know are left out or translated; what remains
    unknown, the driver refuses by name. Applying it twice changes nothing.

    Raises:
        ConfigError: The text can't be a database URL; the message says what to write and repeats none of
            it, since it may hold a password.
    """
    text = (url if isinstance(url, str) else url.get_secret_value()).strip()
    match = _URL.fullmatch(text)
    if match is None:
        raise ConfigError(_hint(text))
    scheme, rest = match["scheme"].lower(), match["rest"]
    if scheme in _WRONG_SCHEMES:
        raise ConfigError(f"not a database URL we can use: {_WRONG_SCHEMES[scheme]}")
    if scheme.split("+")[0] == "sqlite":
        if "%kernel." in rest:
            raise ConfigError("write the folder itself in place of Symfony's %kernel...% in the SQLite URL")
        if rest and rest[0] not in "/?:":
            raise ConfigError(
                "a SQLite URL has three slashes before a relative path (sqlite:///shop.db) "
                "and four before an absolute one (sqlite:////srv/shop.db)"
            )
    else:
        _check_server(text)
    driver = _DRIVERS.get(scheme, scheme)
    return f"{driver}://{_with_options_of(driver, rest)}"


def _with_options_of(driver: str, rest: str) -> str:
    """The URL behind its scheme, with the driver's own options in place of those of other frameworks."""
    rest, _, query = rest.partition("?")
    options = parse_qsl(query, keep_blank_values=True)
    address, slash, database = rest.partition("/")
    before, at, host = address.rpartition("@")
    socket = unquote(host) if "%2f" in host.lower() else ""
    if socket and driver in _SOCKETS:
        # As dj-database-url writes the folder, or the file, of a socket.
        rest, options = f"{before}{at}{slash}{database}", [*options, (_SOCKETS[driver], socket)]
    translate = _TRANSLATIONS.get(driver)
    translated = options if translate is None else translate(options)
    if socket or translated != options:
        query = urlencode(translated, quote_via=quote, safe="/")
    return f"{rest}?{query}" if query else rest


def _plain(name: str) -> str:
    return name.lower().replace("-", "_")


def _without_foreign(options: Options) -> Options:
    return [(name, value) for name, value in options if _plain(name) not in _OF_OTHERS]


def _postgresql_options(options: Options) -> Options:
    translated: Options = []
    for name, value in _without_foreign(options):
        plain = _plain(name)
        if plain in ("schema", "currentschema", "search_path"):
            # `public` is where PostgreSQL looks by itself, and poolers refuse `options`.
            translated += [] if value == "public" else [("options", f"-csearch_path={value}")]
        elif plain in ("ssl", "ssl_require", "usessl"):
            mode = {**dict.fromkeys(_YES, "require"), **dict.fromkeys(_NO, "disable")}.get(
                value.lower(), value
            )
            translated.append(("sslmode", mode))
        elif plain in ("sslmode", "ssl_mode") and value == "no-verify":
            translated.append(("sslmode", "require"))
        elif plain != "charset":  # libpq's client_encoding is UTF-8 here, whatever the database is in
            translated.append(("sslmode" if plain == "ssl_mode" else name, value))
    return translated


def _mysql_options(options: Options) -> Options:
    names = {_plain(name) for name, _ in options}
    translated: Options = []
    for name, value in _without_foreign(options):
        plain = _plain(name)
        if plain in ("ssl_mode", "sslmode", "ssl", "usessl", "tls", "sslaccept"):
            translated += _mysql_tls(value, has_authority=bool(names & _AUTHORITIES))
        elif plain == "charset" and value.lower() in ("utf8", "utf8mb3"):
            # Three bytes a character are not enough for every text.
            translated.append(("charset", "utf8mb4"))
        elif plain != "schema":
            translated.append((_MYSQL_NAMES.get(plain, name), value))
    return translated


def _mysql_tls(mode: str, *, has_authority: bool) -> Options:
    """PyMySQL's options for a mode of MySQL's clients, of libpq, Go, Prisma or mysql2."""
    plain = _plain(mode)
    if plain in {*_NO, "disable", "disabled", "prefer", "preferred", "allow"}:
        return []
    if plain in {*_YES, "require", "required", "no_verify", "skip_verify", "accept_invalid_certs"}:
        # Encrypted, and the certificate not checked.
        return [] if has_authority else [("ssl_check_hostname", "false")]
    if not has_authority:
        raise ConfigError(
            "to have the server's certificate checked, write ssl_ca=/etc/ssl/certs/ca-certificates.crt into "
            "the database URL, or the file of your provider's authority"
        )
    return [("ssl_check_hostname", "false")] if plain == "verify_ca" else []


_TRANSLATIONS = {
    _POSTGRESQL: _postgresql_options,
    _MYSQL: _mysql_options,
    "sqlite": _without_foreign,
}


def _check_server(text: str) -> None:
    """Most URLs that can't be read have a raw `@`, `/`, `#` or `?` in their password."""
    try:
        parts = urlsplit(text)
        # The port is looked at only when asked for.
        readable = parts.port != 0 and parts.netloc.count("@") <= 1
    except ValueError:
        readable = False
    if not readable:
        raise ConfigError(
            "the host or port can't be read; percent-encode special characters of the password "
            "(@ is %40, / is %2F, : is %3A, # is %23, ? is %3F, % is %25)"
        )


def _hint(text: str) -> str:
    lowered = text.lower()
    if lowered.startswith("jdbc:"):
        return f"remove jdbc: and put user and password into the URL: {_EXAMPLE}"
    if lowered in {"mysql", "mariadb", "pgsql", "postgres", "postgresql", "sqlite", "sqlsrv"}:
        return (
            "this is the name of a driver, not a database URL. DB_CONNECTION, DB_USERNAME, DB_PASSWORD, "
            f"DB_HOST, DB_PORT and DB_DATABASE of a Laravel .env make one URL: {_EXAMPLE}"
        )
    if lowered.startswith(("sqlite:", "sqlite3:", "file:")):
        return "write sqlite:///shop.db for a relative path, sqlite:////srv/shop.db for an absolute one"
    if lowered.endswith((".db", ".sqlite", ".sqlite3")):
        return "this is a path, not a database URL: write sqlite:/// before it"
    return f"not a database URL; write {_EXAMPLE}"
