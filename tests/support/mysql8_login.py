"""A server that logs in as MySQL 8 does: caching_sha2_password, whole, over TCP without TLS."""

from __future__ import annotations

import socketserver
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

if TYPE_CHECKING:
    from collections.abc import Iterator

_CAPABILITIES = 0xFFFFFFFF & ~(1 << 11) & ~(1 << 5)
"""All but TLS and compression."""
_SALT = b"abcdefghijklmnopqrst"
_WHOLE_LOGIN, _PUBLIC_KEY = b"\x01\x04", b"\x02"
_ACCESS_DENIED, _NO_DATABASE = 1045, 1049


@dataclass
class Mysql8:
    """The server.

    Attributes:
        passwords: What clients logged in with.
    """

    password: str
    port: int = 0
    passwords: list[str] = field(default_factory=list)


@contextmanager
def mysql8(password: str) -> Iterator[Mysql8]:
    """The server while the block runs: it takes this password, and has no database."""
    server = Mysql8(password)
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    class Login(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            low, high = _CAPABILITIES & 0xFFFF, _CAPABILITIES >> 16
            self.send(
                0,
                b"\x0a8.0.36\0"
                + struct.pack("<I8sxHBHHB10x", 7, _SALT[:8], low, 255, 2, high, 21)
                + _SALT[8:]
                + b"\0caching_sha2_password\0",
            )
            number, _ = self.receive()
            self.send(number + 1, _WHOLE_LOGIN)
            number, asked = self.receive()
            assert asked == _PUBLIC_KEY, "a password in clear text without TLS"
            self.send(number + 1, b"\x01" + public)
            number, sealed = self.receive()
            oaep = padding.OAEP(padding.MGF1(hashes.SHA1()), hashes.SHA1(), None)
            mixed = key.decrypt(sealed, oaep)
            given = bytes(one ^ _SALT[at % len(_SALT)] for at, one in enumerate(mixed)).rstrip(b"\0").decode()
            server.passwords.append(given)
            right = given == server.password
            text = "Unknown database 'shop'" if right else "Access denied for user 'shop'"
            error = struct.pack("<BH", 0xFF, _NO_DATABASE if right else _ACCESS_DENIED)
            self.send(number + 1, error + b"#42000" + text.encode())

        def send(self, number: int, body: bytes) -> None:
            self.wfile.write(len(body).to_bytes(3, "little") + bytes([number]) + body)

        def receive(self) -> tuple[int, bytes]:
            head = self.rfile.read(4)
            return head[3], self.rfile.read(int.from_bytes(head[:3], "little"))

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Login) as tcp:
        server.port = tcp.server_address[1]
        thread = threading.Thread(target=tcp.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            tcp.shutdown()
            thread.join()
