"""Whether a collection is gone: one request by the standard library, for a run that has nothing to write.

Such a run imports no client and starts no engine. What a glance can't tell, a run finds out when it writes.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import quote

from embedconsole.collection.address import collection_path, parse_address

if TYPE_CHECKING:
    from embedconsole.config.model import CollectionConfig

_SECONDS = 5.0
_NOT_FOUND = 404
_LONGEST = 1 << 20


def is_lost(config: CollectionConfig, name: str) -> bool:
    """Whether the collection of this own name certainly does not exist, or holds no point.

    Blocks for at most some seconds.
    """
    if config.path is not None:
        return not (config.path / quote(name, safe="") / "collection.json").exists()
    key = config.api_key.get_secret_value() if config.api_key is not None else None
    address = parse_address(config.url or "", key)
    asking = urllib.request.Request(collection_path(address.base, name), headers=address.headers)
    try:
        with urllib.request.urlopen(
            asking, timeout=_SECONDS
        ) as reply:  # http or https: parse_address saw to it
            told = json.loads(reply.read(_LONGEST))
    except urllib.error.HTTPError as error:
        return error.code == _NOT_FOUND and b"doesn't exist" in error.read(_LONGEST)
    except (OSError, ValueError):
        return False
    result = told.get("result") if isinstance(told, dict) else None
    return isinstance(result, dict) and result.get("points_count") == 0
