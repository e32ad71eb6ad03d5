"""Database addresses: what operators write, turned into what SQLAlchemy takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from pydantic import SecretStr

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9]*(?:\+[a-z0-9_]+)?)://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
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


def database_url(url: SecretStr | str) -> str:
    """The URL with the driver that is installed with us: psycopg 3 and PyMySQL.

    An explicit driver (`mysql+mysqldb://`) and databases we know nothing of stay as they are. Applying it
    twice changes nothing.

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
        if rest and rest[0] not in "/?:":
            raise ConfigError(
                "a SQLite URL has three slashes before a relative path (sqlite:///shop.db) "
                "and four before an absolute one (sqlite:////srv/shop.db)"
            )
    else:
        _check_server(text)
    return f"{_DRIVERS.get(scheme, scheme)}://{rest}"


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
    if lowered.endswith((".db", ".sqlite", ".sqlite3")):
        return "this is a path, not a database URL: write sqlite:/// before it"
    if lowered.startswith("sqlite:"):
        return "write sqlite:///shop.db for a relative path, sqlite:////srv/shop.db for an absolute one"
    return f"not a database URL; write {_EXAMPLE}"
