"""Whatever stands in the file or the environment: it loads, or is a configuration error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from config.reading import Load


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
