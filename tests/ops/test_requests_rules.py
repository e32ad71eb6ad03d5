"""Messages and traces take the proxies and trust the certificates that every other client does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from embedconsole import telemetry
from embedconsole.config.sections.notify import NotifyConfig
from embedconsole.ops.requests_rules import apply_rules
from embedconsole.ops.targets import Message, Targets
from embedconsole.ops.traces import tracing
from support.forward_proxy import forward_proxy, made_certificate, tls_front
from support.receiver import receiving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.forward_proxy import ForwardProxy
    from support.receiver import Receiver

HOST = "hooks.example.test"
_VARIABLES = ("no_proxy", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "all_proxy", "ALL_PROXY")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def proxy(receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ForwardProxy]:
    """The way to the receiver's name; the system trusts the certificate there."""
    certificate = made_certificate(tmp_path, HOST)
    port = int(receiver.address.rpartition(":")[2].partition("/")[0])
    with tls_front(port, certificate) as front, forward_proxy({HOST: front}) as proxy:
        for name in (*_VARIABLES, "http_proxy", "https_proxy"):
            # Set first: what is set in the test is taken back at its end.
            monkeypatch.setenv(name, "")
            monkeypatch.delenv(name)
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        yield proxy


def send(address: str) -> str | None:
    targets = Targets(NotifyConfig.model_validate({"to": [address], "timeout": 20}))
    return targets.send(Message("a title", "a line"))[0].problem


def test_a_message_takes_the_proxy_and_trusts_the_systems_authorities(
    receiver: Receiver, proxy: ForwardProxy
) -> None:
    assert send(f"jsons://{HOST}:8443/hook") is None
    assert proxy.hosts == {f"{HOST}:8443"}
    assert len(receiver.got) == 1


def test_a_message_to_this_machine_takes_no_proxy(receiver: Receiver, proxy: ForwardProxy) -> None:
    assert send(receiver.address) is None
    assert send(receiver.address.replace("127.0.0.1", "localhost")) is None
    assert proxy.seen == []
    assert len(receiver.got) == 2


def test_traces_take_the_proxy(proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy.status = 403
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"https://{HOST}:8443")
    with tracing(lambda _: None), telemetry.span("run"):
        pass
    assert proxy.hosts == {f"{HOST}:8443"}


@pytest.mark.parametrize(
    ("given", "settled"),
    [
        ({"NO_PROXY": "*.corp, db"}, ".corp,db,localhost,.localhost,127.0.0.0/8,::1"),
        ({"no_proxy": "a,*"}, "*"),
        ({}, "localhost,.localhost,127.0.0.0/8,::1"),
    ],
)
def test_exceptions_are_written_as_requests_reads_them(given: dict[str, str], settled: str) -> None:
    environ = dict(given)
    apply_rules(environ)
    apply_rules(environ)
    assert environ["no_proxy"] == settled


def test_an_authority_that_is_named_for_requests_stays() -> None:
    environ = {"REQUESTS_CA_BUNDLE": os.devnull}
    apply_rules(environ)
    assert environ["REQUESTS_CA_BUNDLE"] == os.devnull
