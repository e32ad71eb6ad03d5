"""`test` and `config`: what is in use and whether it works, and never a secret in any output."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

import yaml

from support.embedding_behaviour import Behaviour
from support.installation import Points

if TYPE_CHECKING:
    from support.fixtures_shop import Stage

_SECRETS = ("s3same-token", "hunter2-password", "qdrant-api-key")


def test_every_dependency_is_tried(sqlite_stage: Stage) -> None:
    """A line each; one that fails does not keep the others from being tried, and the exit code tells."""
    stage = sqlite_stage
    stage.shop.add([1, 2, 3])

    fine = stage.installation.run("test")

    assert fine.code == 0, fine.err
    lines = [line.split(None, 1) for line in fine.out.splitlines()]
    assert [mark for mark, _ in lines] == ["ok"] * 5
    subjects = (
        "configuration",
        "ledger",
        "products: catalog",
        "products: embedder ml",
        "products: collection",
    )
    for (_, line), subject in zip(lines, subjects, strict=True):
        assert line.startswith(subject)
        assert " ms  " in line
    assert "3 items; columns id, sku," in fine.out
    assert "one embedding of 8 dimensions" in fine.out
    assert "does not exist yet" in fine.out
    assert stage.service.stats().items == 1
    assert stage.points.ids() == set()

    stage.installation.settings["embedders"]["ml"]["url"] = "http://127.0.0.1:9/embed"
    failing = stage.installation.run("test", "--json")

    assert failing.code == 3
    checks = failing.json["checks"]
    assert [check["subject"] for check in checks if not check["ok"]] == ["products: embedder ml"]
    assert {check["subject"] for check in checks} == set(subjects)
    assert all(set(check) == {"subject", "ok", "detail", "seconds"} for check in checks)


def test_no_secret_is_ever_printed(sqlite_stage: Stage) -> None:
    """Tokens, passwords in addresses and keys: not in output, errors or log, whatever goes wrong."""
    stage = sqlite_stage
    installation = stage.installation
    token, password, key = _SECRETS
    installation.environment |= {"ML_TOKEN": token, "SHOP_PASSWORD": password}
    settings = installation.settings
    settings["embedders"]["ml"]["headers"] = {"Authorization": "Bearer ${ML_TOKEN}"}
    settings["pipelines"]["products"]["collection"]["api_key"] = key
    settings["pipelines"]["away"] = yaml.safe_load(yaml.safe_dump(stage.pipeline))
    settings["pipelines"]["away"]["catalog"]["url"] = "postgresql://shop:${SHOP_PASSWORD}@127.0.0.1:9/shop"
    settings["pipelines"]["away"]["collection"]["name"] += "-away"
    settings["log"] = {"level": "debug"}
    stage.shop.add([1])

    shown = installation.run("config", "show")
    runs = [shown, installation.run("test"), installation.sync()]

    assert [run.code for run in runs] == [0, 3, 3]
    assert Points(stage.qdrant.url, stage.points.collection).ids() == {1}
    assert stage.service.stats().headers[-1]["authorization"] == f"Bearer {token}"
    for text in (*(run.out + run.err for run in runs), installation.log):
        assert text
        assert not [secret for secret in _SECRETS if secret in text]
    effective = yaml.safe_load(shown.out)
    assert (
        effective["pipelines"]["away"]["catalog"]["url"] == "postgresql+psycopg://shop:***@127.0.0.1:9/shop"
    )
    assert effective["embedders"]["ml"]["headers"]["Authorization"] == "***"
    assert effective["pipelines"]["products"]["collection"]["api_key"] == "***"
    assert effective["retry"]["backoff"] == [60.0, 120.0, 300.0]


def test_config_check_and_path_connect_to_nothing(sqlite_stage: Stage) -> None:
    stage = sqlite_stage
    stage.pipeline["catalog"]["url"] = "postgresql://127.0.0.1:9/shop"

    checked = stage.installation.run("config", "check")
    path = stage.installation.run("config", "path")

    assert (checked.code, path.code) == (0, 0)
    assert checked.out == f"{stage.installation.config}: valid; pipelines products\n"
    assert path.out == f"{stage.installation.config}\n"
    assert "$EMBEDCONSOLE_CONFIG" in path.err
    assert stage.qdrant.requests() == {}
    assert not (stage.installation.folder / "state").exists()


def test_a_secret_that_a_service_repeats_is_in_no_output(sqlite_stage: Stage) -> None:
    """One service may repeat the secret of another, in any spelling: no exit shows it, nor keeps it."""
    stage = sqlite_stage
    installation = stage.installation
    secrets = (
        "s3same \u00e4token",
        "hunter2/password",
        "qdrant-api-key",
        "in-the-environment",
        "of-the-spare-one",
    )
    token, password, key, variable, _ = secrets
    installation.environment |= {"ML_TOKEN": token, "OTHER_PASSWORD": variable}
    settings = installation.settings
    settings["embedders"]["ml"]["extra"] = {"token": "${ML_TOKEN}"}
    settings["embedders"]["spare"] = {
        "type": "openai", "url": f"http://me:{quote(password, safe='')}@127.0.0.1:9/v1", "model": "m",
        "api_key": "of-the-spare-one",
    }  # fmt: skip
    stage.pipeline["collection"]["api_key"] = key
    stage.shop.add([1, 2])
    stage.service.behave(
        Behaviour("status", status=422, mark="1", body=f"no {' '.join(secrets)} {quote(password, safe='')}")
    )

    once = ("--headless", "--once")
    commands = (
        (*once, "--json"), (*once, "--full"), ("failures",), ("failures", "--json"), ("failures", "1"),
        ("explain", "1"), ("explain", "1", "--json"), ("status",), ("status", "--json"), ("runs", "--json"),
        ("doctor",), ("doctor", "--json"), ("search", "1", "--json"), ("test", "--json"), ("config", "show"),
    )  # fmt: skip
    ended = [installation.run(*command) for command in commands]

    assert ended[0].code == 1, ended[0].err
    books = sqlite3.connect(installation.folder / "state" / "ledger.db")
    kept = "\n".join(books.iterdump())
    books.close()
    spellings = [form for one in secrets for form in (one, quote(one, safe=""), json.dumps(one)[1:-1])]
    for text in (*(run.out + run.err for run in ended), installation.log, kept):
        assert not [text[max(0, text.index(one) - 200) :][:300] for one in spellings if one in text]
    assert "***" in ended[2].out
    assert "***" in kept
