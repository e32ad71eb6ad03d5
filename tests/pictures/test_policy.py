"""Which machines may be asked: the public internet, and what the operator names."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from embedconsole.faults import BadInput
from embedconsole.pictures.policy import PictureLimits, check_numeric, is_public

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "240.0.0.1",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%1",
    "fd00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "64:ff9b::10.0.0.1",
    "2001:db8::1",
]
PUBLIC = ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_of_the_public_internet(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(BadInput, match=r"not on the public internet.*pictures\.allow_private"):
        check_numeric(address, PictureLimits())


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_are(address: str) -> None:
    assert is_public(ip_address(address))
    check_numeric(address, PictureLimits())


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "127.0.0.1.", "1.2.3.4.5", "a:b"]
)
def test_an_address_in_disguise_is_none(host: str) -> None:
    with pytest.raises(BadInput, match="no name and no address"):
        check_numeric(host, PictureLimits(allow_private=True))


def test_a_name_is_for_the_look_up() -> None:
    check_numeric("shop.example", PictureLimits())


@pytest.mark.parametrize(
    ("allowed", "host", "address", "may"),
    [
        (True, "anything", "10.0.0.1", True),
        (False, "anything", "10.0.0.1", False),
        (("10.0.0.0/8",), "anything", "10.9.9.9", True),
        (("10.0.0.0/8",), "anything", "::ffff:10.9.9.9", True),
        (("10.0.0.0/8",), "anything", "192.168.0.1", False),
        (("10.0.0.0/8",), "anything", "::1", False),
        (("Minio.Internal",), "minio.internal", "192.168.0.1", True),
        (("minio.internal",), "evil.minio.internal", "192.168.0.1", False),
        (("fd00::/8", "127.0.0.1"), "anything", "fd00::7", True),
        (("127.0.0.1",), "anything", "127.0.0.2", False),
        ((), "anything", "10.0.0.1", False),
    ],
)
def test_what_the_operator_allows(
    allowed: bool | tuple[str, ...], host: str, address: str, may: bool
) -> None:
    assert PictureLimits(allow_private=allowed).allows(host, ip_address(address)) is may
