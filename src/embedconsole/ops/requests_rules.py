"""Our rules for proxies and certificates as `requests` reads them: apprise and OpenTelemetry send with it.

Both make their connections by themselves, and `requests` goes by variables of the environment alone. It would
ask a proxy for this machine, too, and trusts certifi's authorities instead of the system's.
"""

from __future__ import annotations

import os
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_THIS_MACHINE = ("localhost", ".localhost", "127.0.0.0/8", "::1")
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def apply_rules(environ: MutableMapping[str, str] = os.environ) -> None:
    """Have `requests` take the proxies and trust the authorities of all other clients.

    An authority that the operator names for `requests` stays.
    """
    excepted = (environ.get("no_proxy") or environ.get("NO_PROXY") or "").replace(",", " ").split()
    if "*" in excepted:
        environ["no_proxy"] = "*"
    else:
        # It knows `.example.com`, and not `*.example.com`.
        hosts = [entry.removeprefix("*") for entry in excepted]
        environ["no_proxy"] = ",".join(dict.fromkeys((*hosts, *_THIS_MACHINE)))
    found = ssl.get_default_verify_paths()
    system = found.cafile or found.capath
    if system and not any(environ.get(name) for name in _BUNDLES):
        environ["REQUESTS_CA_BUNDLE"] = system
