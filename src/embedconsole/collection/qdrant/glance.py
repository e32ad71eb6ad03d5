"""Checks whether a collection is gone: one request by the standard library, for a run without work.

Importing aiohttp takes longer than all the rest of such a run, so this one request goes without it.
It takes the same proxy, trusts the same certificates and follows no redirects either, so that the key goes
nowhere else. What a glance can't tell, a run finds out when it writes.
"""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from embedconsole.collection.qdrant.address import collection_path, parse_address
from embedconsole.collection.qdrant.error_body import NO_COLLECTION, own_error
from embedconsole.proxy import proxy_of

if TYPE_CHECKING:
    from embedconsole.config.sections.collection import CollectionConfig

_SECONDS = 5.0
_NOT_FOUND = 404
_LONGEST = 1 << 20


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Makes an error of a redirect: the key is for the configured address alone."""

    def redirect_request(self, *_: object) -> None:
        """Follow none."""


def is_lost(config: CollectionConfig, name: str) -> bool:
    """Whether the collection of this name itself certainly does not exist, or holds no point.

    Blocks for at most some seconds.
    """
    if config.path is not None:
        return not (config.path / quote(name, safe="") / "collection.json").exists()
    key = config.api_key.get_secret_value() if config.api_key is not None else None
    address = parse_address(config.url or "", key)
    asking = urllib.request.Request(collection_path(address.base, name), headers=address.headers)
    try:
        proxy = proxy_of(address.base)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({urlsplit(address.base).scheme: proxy} if proxy else {}),
            urllib.request.HTTPSHandler(context=config.tls.context("collection.tls")),
            _NoRedirect,
        )
        with opener.open(asking, timeout=_SECONDS) as reply:
            told = json.loads(reply.read(_LONGEST))
    except urllib.error.HTTPError as error:
        said = own_error(error.read(_LONGEST)) if error.code == _NOT_FOUND else None
        return said is not None and NO_COLLECTION.search(said) is not None
    except (OSError, ValueError, http.client.HTTPException):
        return False
    result = told.get("result") if isinstance(told, dict) else None
    return isinstance(result, dict) and result.get("points_count") == 0
