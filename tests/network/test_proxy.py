"""Which proxy an address takes."""

from __future__ import annotations

import pytest

from embedconsole.proxy import UnusableProxy, proxy_name, proxy_of

PROXY = "http://proxy.corp:3128"


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://api.example.test/v1", {}, None),
        ("https://api.example.test/v1", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://api.example.test/v1", {"https_proxy": PROXY, "HTTPS_PROXY": "http://other"}, PROXY),
        ("https://api.example.test/v1", {"HTTP_PROXY": PROXY}, None),
        ("http://ml.example.test/v1", {"HTTP_PROXY": PROXY}, PROXY),
        ("http://ml.example.test/v1", {"ALL_PROXY": PROXY}, PROXY),
        ("https://api.example.test/v1", {"HTTPS_PROXY": "proxy.corp:3128"}, PROXY),
        ("https://api.example.test/v1", {"HTTPS_PROXY": " "}, None),
        ("https://api.example.test/v1", {"HTTPS_PROXY": "http://u:p@proxy.corp"}, "http://u:p@proxy.corp"),
    ],
)
def test_the_variables(url: str, environ: dict[str, str], proxy: str | None) -> None:
    assert proxy_of(url, environ) == proxy


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST", "x.localhost", "127.0.0.1", "127.8.8.8", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_this_machine_is_never_behind_a_proxy(host: str) -> None:
    assert proxy_of(f"http://{host}:6333/collections", {"http_proxy": PROXY, "all_proxy": PROXY}) is None


@pytest.mark.parametrize(
    ("excepted", "host", "direct"),
    [
        ("example.test", "example.test", True),
        ("example.test", "api.example.test", True),
        (".example.test", "api.example.test", True),
        ("*.example.test", "api.example.test", True),
        ("example.test", "badexample.test", False),
        ("EXAMPLE.test", "Api.Example.Test", True),
        ("example.test:443", "example.test", True),
        ("example.test:8443", "example.test", False),
        ("a.test, 10.0.0.0/8", "10.9.8.7", True),
        ("10.0.0.0/8", "11.0.0.1", False),
        ("10.0.0.0/8", "ten.example.test", False),
        ("192.168.1.5", "192.168.1.5", True),
        ("[fd00::1]", "[fd00::1]", True),
        ("fd00::/8", "[fd12::1]", True),
        ("*", "anything.test", True),
        ("a.test b.test", "b.test", True),
        ("", "b.test", False),
        (",", "b.test", False),
    ],
)
def test_no_proxy(excepted: str, host: str, direct: bool) -> None:
    found = proxy_of(f"https://{host}/x", {"https_proxy": PROXY, "NO_PROXY": excepted})
    assert (found is None) == direct


@pytest.mark.parametrize(
    "value", ["socks5://proxy:1080", "http://", "http://proxy:port", "ftp://user:secret@p"]
)
def test_a_proxy_that_cannot_be_used(value: str) -> None:
    with pytest.raises(UnusableProxy, match="HTTPS_PROXY") as caught:
        proxy_of("https://api.example.test", {"HTTPS_PROXY": value})
    assert "secret" not in str(caught.value)


def test_a_proxy_is_named_without_its_password() -> None:
    environ = {"HTTPS_PROXY": "http://user:secret@proxy.corp:3128/"}
    assert proxy_name("https://api.example.test", environ) == "HTTPS_PROXY (proxy.corp:3128)"
