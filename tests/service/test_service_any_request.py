"""Requests made from the service's own OpenAPI document, right ones and wrong ones."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from service.stage import app_of, client_of

if TYPE_CHECKING:
    import httpx
    from schemathesis import Case

_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_QUICK = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)

open_to_all = schemathesis.openapi.from_asgi("/openapi.json", app_of(max_items=5))
open_to_all.config.generation.update(modes=list(GenerationMode))
guarded = schemathesis.openapi.from_asgi("/openapi.json", app_of(token="sesame"))


@open_to_all.parametrize()
@_QUICK
def test_no_request_is_answered_as_the_document_does_not_say(case: Case[Any]) -> None:
    case.call_and_validate(checks=_CHECKS)


@guarded.parametrize()
@settings(_QUICK, max_examples=10)
def test_no_request_gets_by_without_the_token(case: Case[Any]) -> None:
    case.call_and_validate(checks=[*_CHECKS, ignored_auth], headers={"Authorization": "Bearer sesame"})


_APP = app_of(max_items=2)
_WORDS = st.sampled_from(["items", "product_id", "name", "image_url", "text", "input", "dimensions", "error"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | _WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=5),
)
# NaN, Infinity and lone surrogates as Python writes them.
_BODIES = st.binary(max_size=50) | _VALUES.map(lambda value: json.dumps(value).encode())


@given(path=st.sampled_from(["/generate-embeddings", "/embed", "/v1/embeddings"]), body=_BODIES)
@settings(_QUICK, max_examples=150)
def test_no_body_is_too_much(path: str, body: bytes) -> None:
    async def post() -> httpx.Response:
        async with client_of(_APP) as client:
            return await client.post(path, content=body, headers={"Content-Type": "application/json"})

    reply = asyncio.run(post())
    assert reply.status_code in (200, 400, 413, 422)
    assert reply.status_code == 200 or reply.json()["error"]["message"]
