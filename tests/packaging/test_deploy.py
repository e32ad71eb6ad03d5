"""What is under deploy/: parsed, and the same commands run without containers and service managers."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from embedconsole.config.load import load
from embedconsole.config.paths import LOG_VARIABLE, STATE_VARIABLE
from embedconsole.config.settings import Settings
from support.command_lines import understand
from support.embedding_service import Behaviour

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from support.fixtures_shop import Stage

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
EXAMPLE = ROOT / "config.example.yaml"
Manifest = dict[str, Any]  # documents of Docker's and Kubernetes' shapes, taken apart by assertions

_PROGRAM = re.compile(r"(?:/usr/local/bin/)?embedconsole((?: +[^\s>;&]+)*)")
_METRICS = "EMBEDCONSOLE_METRICS__LISTEN"
_OURS = {STATE_VARIABLE, LOG_VARIABLE, "EMBEDCONSOLE_CONFIG", _METRICS}
_FOREIGN = {"PATH", "PYTHONUNBUFFERED"}
_PORT = 9464


def _variables_of_the_example() -> tuple[set[str], set[str]]:
    """All variables of config.example.yaml, and those that have to be set."""
    lines = [line for line in EXAMPLE.read_text().splitlines() if not line.startswith("#")]
    text = "\n".join(line for line in lines if not line.strip().startswith("#"))
    everywhere = set(re.findall(r"\$\{(\w+)", "\n".join(lines)))
    return everywhere, set(re.findall(r"\$\{(\w+)\}", text))


def _is_known(name: str) -> bool:
    """Whether a variable is one of the example's, or a setting, or where our files are."""
    section = name.removeprefix("EMBEDCONSOLE_").split("__")[0].lower()
    is_setting = name.startswith("EMBEDCONSOLE_") and section in Settings.model_fields
    return name in _variables_of_the_example()[0] | _OURS or is_setting


def _unit(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((DEPLOY / "systemd" / name).read_text())
    return unit


def _dockerfile() -> list[tuple[str, str]]:
    """Instruction and arguments, continued lines joined."""
    text = (DEPLOY / "docker" / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def _compose() -> Manifest:
    document: Manifest = yaml.safe_load((DEPLOY / "docker" / "compose.yaml").read_text())
    return document


def _kubernetes() -> dict[tuple[str, str], Manifest]:
    documents = yaml.safe_load_all((DEPLOY / "kubernetes" / "embedconsole.yaml").read_text())
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def _container() -> Manifest:
    deployment = _kubernetes()["Deployment", "embedconsole"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    found: Manifest = container
    return found


def _environment(name: str) -> dict[str, str]:
    """A file of NAME=value lines."""
    lines = (DEPLOY / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _cron() -> str:
    (line,) = [
        line for line in (DEPLOY / "cron" / "embedconsole").read_text().splitlines() if "* * *" in line
    ]
    return line


def _commands() -> Iterator[tuple[str, list[str]]]:
    """Every command line that anything under deploy/ runs, without the program's name."""
    for name in ("embedconsole.service", "embedconsole-once.service"):
        yield name, shlex.split(_unit(name)["Service"]["ExecStart"])[1:]
    match = _PROGRAM.search(_cron().rpartition(";")[2])
    assert match is not None
    yield "cron", match[1].split()
    steps = dict(_dockerfile())
    entry = yaml.safe_load(steps["ENTRYPOINT"])
    assert entry == ["embedconsole"]
    yield "Dockerfile", yaml.safe_load(steps["CMD"])
    yield "compose.yaml", _compose()["services"]["embedconsole"]["command"]
    yield "kubernetes", _container()["args"]


@pytest.mark.parametrize(("place", "arguments"), list(_commands()), ids=lambda value: str(value))
def test_every_command_is_one_of_ours(place: str, arguments: Sequence[str]) -> None:
    understand(["embedconsole", *arguments])
    assert arguments[0] in ("run", "--headless"), place


def test_the_variables_are_those_of_the_example_configuration() -> None:
    """None is misspelt, and none that has to be set is missing."""
    _, needed = _variables_of_the_example()
    kubernetes = _kubernetes()
    settled = [{step["name"]: step["value"] for step in _container()["env"]}]
    settled += [
        kubernetes["Secret", "embedconsole"]["stringData"],
        kubernetes["ConfigMap", "embedconsole"]["data"],
    ]
    image = " ".join(arguments for step, arguments in _dockerfile() if step == "ENV")
    units = [
        _unit(name)["Service"]["Environment"]
        for name in ("embedconsole.service", "embedconsole-once.service")
    ]
    written = {
        "environment.example": set(_environment("environment.example")),
        "compose.yaml": set(_compose()["services"]["embedconsole"]["environment"]),
        "kubernetes": {name for part in settled for name in part},
    }
    for place, names in written.items():
        assert needed <= names, place
    beside = set(re.findall(r"(\w+)=", " ".join([image, *units]))) - _FOREIGN
    beside |= set(re.findall(r"^#? ?([A-Z_]+)=", (DEPLOY / "environment.example").read_text(), re.MULTILINE))
    beside |= set(
        re.findall(r"^(EMBEDCONSOLE\w+)=", (DEPLOY / "cron" / "embedconsole").read_text(), re.MULTILINE)
    )
    assert [
        name
        for name in {*beside, *(name for names in written.values() for name in names)}
        if not _is_known(name)
    ] == []


def test_the_configurations_load_with_their_variables(tmp_path: Path) -> None:
    kubernetes = _kubernetes()
    path = tmp_path / "embedconsole.yaml"
    path.write_text(kubernetes["ConfigMap", "embedconsole-configuration"]["data"]["embedconsole.yaml"])
    environ = {
        **kubernetes["Secret", "embedconsole"]["stringData"],
        **kubernetes["ConfigMap", "embedconsole"]["data"],
    }
    shared = load(path, environ=environ)
    assert shared.settings.ledger is not None
    assert shared.settings.ledger.get_secret_value().startswith("postgresql+psycopg://")
    assert load(EXAMPLE, environ=_environment("environment.example")).notes == ()
    service = _compose()["services"]["embedconsole"]
    mounts = [mount.split(":") for mount in service["volumes"]]
    assert (DEPLOY / "docker" / mounts[0][0]).resolve() == EXAMPLE
    assert mounts[0][1] == "/etc/embedconsole/embedconsole.yaml"
    variables = {
        name: re.sub(r"\$\{\w+:[-?]([^}]*)\}", r"\1", value) for name, value in service["environment"].items()
    }
    load(EXAMPLE, environ={**variables, "DATABASE_URL": "mysql://db/shop", "ML_EMBEDDING_URL": "http://ml"})


def test_the_replicas_share_a_ledger_and_have_time_to_end() -> None:
    deployment = _kubernetes()["Deployment", "embedconsole"]["spec"]
    assert deployment["replicas"] > 1
    assert deployment["template"]["spec"]["terminationGracePeriodSeconds"] >= 120
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels
    assert _kubernetes()["PodDisruptionBudget", "embedconsole"]["spec"]["selector"]["matchLabels"] == labels
    container = _container()
    refs = [next(iter(part.values()))["name"] for part in container["envFrom"]]
    assert [(kind, name) for kind, name in _kubernetes() if kind in ("Secret", "ConfigMap")][:2] == [
        ("Secret", refs[0]),
        ("ConfigMap", refs[1]),
    ]
    volumes = {volume["name"] for volume in deployment["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    compose = _compose()["services"]
    assert compose["embedconsole"]["environment"]["EMBEDCONSOLE_LEDGER"].startswith("postgresql://")
    assert set(compose["embedconsole"]["depends_on"]) == {"postgres", "qdrant"}
    assert set(_compose()["volumes"]) == {
        mount.split(":")[0] for name in ("postgres", "qdrant") for mount in compose[name]["volumes"]
    }


def test_the_probes_ask_where_the_daemon_answers() -> None:
    container = _container()
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    asked = {
        name: (probe["httpGet"]["path"], ports[probe["httpGet"]["port"]])
        for name, probe in container.items()
        if name.endswith("Probe")
    }
    assert asked == {
        "startupProbe": ("/live", _PORT),
        "livenessProbe": ("/live", _PORT),
        "readinessProbe": ("/ready", _PORT),
    }
    listen = {step["name"]: step["value"] for step in container["env"]}[_METRICS]
    assert listen == f"0.0.0.0:{_PORT}"
    assert f"{_METRICS}={listen}" in dict(_dockerfile())["ENV"]
    assert f"127.0.0.1:{_PORT}/live" in " ".join(
        _compose()["services"]["embedconsole"]["healthcheck"]["test"]
    )
    assert str(_PORT) in dict(_dockerfile())["EXPOSE"].split()


def test_the_variable_reaches_the_setting() -> None:
    """Where the daemon answers probes: of a version that does."""
    pytest.importorskip("embedconsole.config.sections.metrics")
    environ = {**_environment("environment.example"), _METRICS: f"0.0.0.0:{_PORT}"}
    metrics = getattr(load(EXAMPLE, environ=environ).settings, "metrics", None)
    assert getattr(metrics, "listen", None) == f"0.0.0.0:{_PORT}"


def test_the_image_is_built_of_files_that_are_there() -> None:
    copied = [
        path
        for step, arguments in _dockerfile()
        if step == "COPY" and not arguments.startswith("--from")
        for path in arguments.split()[:-1]
    ]
    assert copied
    ignored = (DEPLOY / "docker" / "Dockerfile.dockerignore").read_text().splitlines()
    for path in copied:
        assert (ROOT / path).exists()
        assert f"!{path}" in ignored
    build = _compose()["services"]["embedconsole"]["build"]
    assert (DEPLOY / "docker" / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).exists()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    names = ("embedconsole.service", "embedconsole-once.service", "embedconsole-once.timer")
    for name in names:
        text = (DEPLOY / "systemd" / name).read_text()
        (tmp_path / name).write_text(text.replace("/usr/local/bin/embedconsole", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / name) for name in names)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [
        line for line in done.stderr.splitlines() if str(tmp_path) in line or "embedconsole" in line
    ] == []
    assert done.returncode == 0, done.stderr


def test_the_units_end_as_the_exit_codes_say() -> None:
    daemon, once = (_unit(name)["Service"] for name in ("embedconsole.service", "embedconsole-once.service"))
    assert (daemon["SuccessExitStatus"], daemon["RestartPreventExitStatus"]) == ("143", "2")
    assert once["SuccessExitStatus"] == "4"
    assert _unit("embedconsole-once.timer")["Timer"]["OnCalendar"] == "hourly"


def test_one_run_as_timer_and_cron_start_it(sqlite_stage: Stage, tmp_path: Path) -> None:
    """The cron line by the shell that it names, with paths of this test in the place of the system's."""
    stage = sqlite_stage
    stage.shop.add([1, 2])
    variables = tmp_path / "environment"
    variables.write_text(f"ML_TOKEN=s3same\nEMBEDCONSOLE_CONFIG={stage.installation.config}\n")
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m embedconsole "$@"\n')
    program.chmod(0o755)
    stage.installation.settings["embedders"]["ml"]["headers"] = {"Authorization": "Bearer ${ML_TOKEN}"}
    stage.installation.command()
    line = _cron().split(None, 6)[6]
    for there, here in {
        "/etc/embedconsole/environment": variables,
        "/usr/local/bin/embedconsole": program,
        "/var/log/embedconsole/runs.jsonl": tmp_path / "runs.jsonl",
    }.items():
        assert there in line
        line = line.replace(there, str(here))

    subprocess.run(["/bin/sh", "-c", line], env=stage.installation.environ, check=True, timeout=60)

    (report,) = (tmp_path / "runs.jsonl").read_text().splitlines()
    assert '"embedded": 2' in report
    assert stage.service.stats().headers[-1]["authorization"] == "Bearer s3same"
    stage.installation.environment["ML_TOKEN"] = "s3same"
    arguments = dict(_commands())["embedconsole-once.service"]
    assert stage.installation.run(*arguments).code == 0


def test_the_daemon_as_the_containers_start_it_ends_cleanly(sqlite_stage: Stage) -> None:
    """A SIGTERM finishes what is in flight."""
    stage = sqlite_stage
    stage.shop.add([1, 2, 3])
    commands: Mapping[str, list[str]] = dict(_commands())
    assert commands["Dockerfile"] == commands["compose.yaml"] == commands["kubernetes"]
    assert dict(_dockerfile())["STOPSIGNAL"] == "SIGTERM"
    stage.service.behave(Behaviour("hold"))
    with stage.installation.running(*commands["Dockerfile"]) as running:
        stage.service.wait_held(1)
        os.kill(running.process.pid, signal.SIGTERM)
        stage.service.release()
        ended = running.ended()
    assert ended.code == 143, ended.err
    assert stage.points.ids() == {1, 2, 3}
