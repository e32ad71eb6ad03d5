"""What `serve` takes of a configuration, and what it does without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedconsole.config import load
from embedconsole.config.sections.embedders.fastembed import FastembedConfig
from embedconsole.config.sections.embedders.hashing import HashingConfig
from embedconsole.config.service_settings import ServiceSettings, load_service_settings
from embedconsole.faults import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
embedders:
  words: {type: hashing}
  local: {type: fastembed, path: ./models}
service: {embedder: local, port: 9000, token: "${TOKEN:-}"}
pipelines: {products: {catalog: {url: "${DATABASE_URL}"}}}
surplus: 1
"""


def loaded(
    folder: Path, text: str = TEXT, environ: dict[str, str] | None = None, **flags: object
) -> ServiceSettings:
    path = folder / "c.yaml"
    path.write_text(text)
    overrides = {f"service.{name}": value for name, value in flags.items()}
    return load_service_settings(path, overrides, environ=environ or {}, cwd=folder)


def test_the_pipelines_and_their_variables_do_not_matter(tmp_path: Path) -> None:
    serving = loaded(tmp_path)
    assert (serving.chosen(), serving.service.port, serving.service.token) == ("local", 9000, None)
    local = serving.embedders["local"]
    assert isinstance(local, FastembedConfig)
    assert local.path == tmp_path / "models"


def test_flags_before_environment_before_file(tmp_path: Path) -> None:
    environ = {"EMBEDCONSOLE_SERVICE__PORT": "9001", "EMBEDCONSOLE_SERVICE__QUEUE": "0", "TOKEN": "t"}
    service = loaded(tmp_path, environ=environ, port=9002, embedder=None, host="::1").service
    assert (service.port, service.queue, service.embedder, service.host) == (9002, 0, "local", "::1")
    assert service.token is not None
    assert "'t'" not in repr(service)


def test_without_a_configuration_hashing_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "places", lambda cwd: (cwd / "embedconsole.yaml",))
    serving = load_service_settings(None, {"service.port": 1}, environ={}, cwd=tmp_path)
    assert serving.chosen() == "hashing"
    embedder = serving.embedders["hashing"]
    assert isinstance(embedder, HashingConfig)
    assert (embedder.size, serving.service.port) == (512, 1)
    (tmp_path / "embedconsole.yaml").write_text("embedders: {words: {type: hashing, size: 8}}")
    assert load_service_settings(None, {}, environ={}, cwd=tmp_path).chosen() == "words"
    with pytest.raises(ConfigError, match=r"none\.yaml: no such file \(--config\)"):
        load_service_settings(tmp_path / "none.yaml", {}, environ={}, cwd=tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "embedders: {a: {type: hashing}}\nservice: {port: 65536}",
            r"c\.yaml:2: service\.port: .*at most 65535",
        ),
        ("embedders: {a: {type: hashing}}\nservice: {prot: 1}", "unknown key 'prot', did you mean 'port'"),
        ("embedders: {a: {type: hashin}}", "did you mean 'hashing'"),
        ("service: {port: 1}", "embedders: missing"),
    ],
)
def test_what_is_wrong_is_named_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        loaded(tmp_path, text)


def test_which_embedder(tmp_path: Path) -> None:
    both = "embedders: {a: {type: hashing}, b: {type: hashing}}"
    with pytest.raises(ConfigError, match=r"by --embedder or service\.embedder: a, b"):
        loaded(tmp_path, both).chosen()
    with pytest.raises(ConfigError, match="no embedder 'c'; known: a, b"):
        loaded(tmp_path, both, embedder="c").chosen()
    assert loaded(tmp_path, both, embedder="b").chosen() == "b"
