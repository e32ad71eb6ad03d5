"""YAML text to a tree with marks; hostile and broken text."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from embedconsole.config.yaml_source import MAX_BYTES, parse_flow, parse_source, read_source
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedconsole.config.yaml_source import YamlSource


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_source(text, "c.yaml")
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_every_key_and_item_has_its_line() -> None:
    source = parse_source("a: 1\nb:\n  c:\n    - x\n    - y: z\n", "c.yaml")
    assert source.tree == {"a": "1", "b": {"c": ["x", {"y": "z"}]}}
    lines = {path: mark.line for path, mark in source.marks.items()}
    assert lines == {
        (): 1, ("a",): 1, ("b",): 2, ("b", "c"): 3,
        ("b", "c", 0): 4, ("b", "c", 1): 5, ("b", "c", 1, "y"): 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("0123", "0123"), ("1.10", "1.10"), ("2024-01-01", "2024-01-01"), ("12:30", "12:30"),
        ("", None), ("~", None), ("null", None), ("'null'", "null"), ("''", ""), ("!!str null", "null"),
    ],
)  # fmt: skip
def test_scalars_stay_the_text_that_was_written(written: str, value: str | None) -> None:
    assert parse_source(f"key: {written}", "c.yaml").tree == {"key": value}


def test_duplicate_keys_are_all_named_with_file_line_and_key() -> None:
    said = refusal("a: 1\nb: {c: 1, c: 2}\na: 3\n")
    assert said.splitlines() == [
        "c.yaml:2: b.c: is written twice, first in line 2",
        "c.yaml:3: a: is written twice, first in line 1",
    ]


def test_merge_keys_fill_in_and_are_no_duplicates() -> None:
    source = parse_source("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n", "c.yaml")
    assert source.tree["b"] == {"y": "3", "x": "1"}
    assert source.marks["b", "y"].line == 4
    assert source.marks["b", "x"].line == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb:\n\tc: 1\n", "c.yaml:3: indented with a tab; YAML wants spaces"),
        ("a: [1, 2\nb: 3\n", "c.yaml:2: "),
        ("a: b: c\n", "c.yaml:1: mapping values are not allowed here; check the indentation"),
        ("a: {token: ${TOKEN}}\n", "inside { } and [ ] put quotes around ${NAME}"),
        ("a: *hunter2\n", "c.yaml:1: text that begins with * or & needs quotes"),
        ("a: !hunter2 b\n", "c.yaml:1: a: tags are not supported; text that begins with ! needs quotes"),
        ("a: !!python/object/apply:os.system [id]\n", "c.yaml:1: a: tags are not supported"),
        ("a: !hunter2!b c\n", "c.yaml:1: text that begins with ! needs quotes"),
        ("a: &hunter2 1\nb: &hunter2 2\n", "c.yaml:2: an anchor (&name) of this name exists already"),
        ("a: 1\nb: 'hunter2", "c.yaml:2: found unexpected end of stream"),
        ("- a\n- b\n", "c.yaml:1: should be keys and values"),
        ("just text", "c.yaml:1: should be keys and values"),
        ("a: 1\n---\nb: 2\n", "c.yaml:2: a second document (---) begins here"),
        ("a: \x00", "c.yaml:1: has a character that YAML does not allow"),
        ("? [a]\n: b\n", "c.yaml:1: a key should be plain text"),
        ("'': b\n", "c.yaml:1: a key is empty"),
        ('a: "\\UFFFFFFFF"', "c.yaml"),
        ("%YAML 9.9\n---\na: 1\n", "c.yaml:1: found incompatible YAML document"),
        ("a: &a [*a]\n", "c.yaml:1: has too many or too deeply nested values"),
        ("&a {b: {<<: *a}}\n", "c.yaml"),
        ("[" * 5000, "c.yaml: is nested too deeply"),
    ],
)  # fmt: skip
def test_broken_files_are_one_line_with_its_number(text: str, said: str) -> None:
    message = refusal(text)
    assert said in message
    assert "\n" not in message
    assert "hunter2" not in message


@pytest.mark.parametrize("shape", ["[{}]", "{{x: {0}, y: {0}}}", "{{<<: [{}]}}"])
def test_an_alias_bomb_is_refused(shape: str) -> None:
    lines = ["a0: &a0 {k: v}"]
    for level in range(1, 40):
        inner = f"*a{level - 1}" if "{0}" in shape else ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} {shape.format(inner)}")
    assert "aliases" in refusal("\n".join(lines))


def test_unreadable_files(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    with pytest.raises(ConfigError, match=r"c\.yaml: can't be read: No such file"):
        read_source(path)
    with pytest.raises(ConfigError, match=r": can't be read: Is a directory"):
        read_source(tmp_path)
    path.write_bytes(b"a: 1\nb: \xff\n")
    with pytest.raises(ConfigError, match=r"c\.yaml:2: is not UTF-8 text"):
        read_source(path)
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(ConfigError, match=r"larger than 1,000,000 bytes"):
        read_source(path)
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n")
    assert read_source(path).tree == {"a": "1", "b": "2"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50", "50"), ("0123", "0123"), ("", None), (" null ", None), ("'null'", "null"), ('"a b"', "a b"),
        ("[1, 2m]", ["1", "2m"]), ("{a: {b: c}}", {"a": {"b": "c"}}), ("[]", []), ("{}", {}),
        ("{title}", "{title}"), ("{title} {b}", "{title} {b}"), ("[1, 2", "[1, 2"), ("*pass #1", "*pass #1"),
        ("a: b", "a: b"), ("{a: 1, a: 2}", "{a: 1, a: 2}"), ("'a' b", "'a' b"),
    ],
)  # fmt: skip
def test_values_of_overrides(text: str, value: object) -> None:
    assert parse_flow(text, "X") == value


def test_deep_overrides_stay_text() -> None:
    assert parse_flow("[" * 5000, "X") == "[" * 5000


YAMLISH = st.lists(
    st.sampled_from(
        ["a", "b", ": ", ":", "- ", "\n", "  ", "\t", "{", "}", "[", "]", ", ", "&x ", "*x", "<<", "!t ",
         "!!int ", "|\n", ">\n", "'", '"', "\\", "${A}", "#", "? ", "---\n", "...\n", "%YAML 1.1\n", "\x00",
         "\u2028", "é", "~", "\r", "@", "`", "1", "\\x", "\ud800", "\ufeff", "=", "!<", ">", "%"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


@settings(deadline=None, max_examples=400)
@given(st.one_of(YAMLISH, st.text(max_size=60)))
@example("\ufeff")
def test_garbage_is_a_tree_or_a_configuration_error(text: str) -> None:
    lines = _refused(lambda: parse_source(text, "c.yaml"))
    assert all(re.match(r"c\.yaml(:\d+)?: .", line) for line in lines)


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_binary_garbage_is_a_tree_or_a_configuration_error(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.yaml"
        path.write_bytes(data)
        assert all(line.startswith(str(path)) for line in _refused(lambda: read_source(path)))


def _refused(parse: Callable[[], YamlSource]) -> list[str]:
    """The lines of the ConfigError, if there is one; anything else fails the test."""
    try:
        parse()
    except ConfigError as fault:
        return str(fault).splitlines()
    return []


TREES = st.recursive(
    st.text(max_size=8),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(min_size=1, max_size=6), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=6), TREES, max_size=4))
def test_what_pyyaml_writes_is_read_back(tree: dict[str, object]) -> None:
    text = yaml.safe_dump(tree, default_style='"')
    assert parse_source(text, "c.yaml").tree == tree
