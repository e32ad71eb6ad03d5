"""The two shapes of a request, `items` and `single`: many items in a request, or one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Body, HTTPException, Request, Response

from embedconsole.items import EmbedInput
from embedconsole.service.embedder import InputRejection
from embedconsole.service.schemas import (
    SHOE,
    Item,
    ItemsBody,
    ItemsReply,
    ItemsRequest,
    SingleReply,
    SingleRequest,
    vectors_reply,
)

if TYPE_CHECKING:
    from fastapi import APIRouter

    from embedconsole.service.embedder import Answer, EmbeddingQueue

_JSON_INTEGERS = range(-(1 << 63), 1 << 64)
"""Those that the JSON we write can hold."""


def add_item_routes(router: APIRouter, queue: EmbeddingQueue) -> None:
    """`/generate-embeddings` and `/embed`."""

    @router.post("/generate-embeddings", summary="Embed products", response_model=ItemsReply)
    async def generate_embeddings(
        request: Request,
        body: Annotated[
            ItemsBody,
            Body(
                openapi_examples={
                    "object": {"summary": "An object", "value": {"items": [SHOE]}},
                    "list": {"summary": "A list", "value": [SHOE]},
                }
            ),
        ],
    ) -> Response:
        """A vector for each item, in order; `{"error": ...}` in place of one for an item that has none."""
        items = body.items if isinstance(body, ItemsRequest) else body
        answers = await queue.embed(request, [_input(place, item) for place, item in enumerate(items)])
        entries = [_entry(item, answer) for item, answer in zip(items, answers, strict=True)]
        return vectors_reply({"embeddings": entries})

    @router.post("/embed", summary="Embed a text, a picture or both", response_model=SingleReply)
    async def embed(request: Request, body: SingleRequest) -> Response:
        """The vector; 422 when there is none."""
        (answer,) = await queue.embed(request, [EmbedInput(0, body.text, body.image_url or None)])
        if isinstance(answer, InputRejection):
            raise HTTPException(422, answer.reason)
        return vectors_reply({"embedding": answer})


def _input(place: int, item: Item) -> EmbedInput:
    fields = item.fields
    text = "\n".join(text for text in fields.values() if text.strip())
    key = place if item.product_id is None else item.product_id
    return EmbedInput(key, text or None, item.image_url or None, fields)


def _entry(item: Item, answer: Answer) -> object:
    if not isinstance(answer, InputRejection):
        return answer
    key = item.product_id
    if isinstance(key, int) and key not in _JSON_INTEGERS:
        key = str(key)
    return {"error": answer.reason} if key is None else {"product_id": key, "error": answer.reason}
