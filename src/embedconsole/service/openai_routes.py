"""`/v1/embeddings` as OpenAI's clients speak it."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Literal

from fastapi import HTTPException, Request, Response

from embedconsole.items import EmbedInput
from embedconsole.service.embedder import InputRejection
from embedconsole.service.errors import documented
from embedconsole.service.schemas import (
    OpenAIImage,
    OpenAIModel,
    OpenAIModels,
    OpenAIReply,
    OpenAIRequest,
    vectors_reply,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import APIRouter

    from embedconsole.service.embedder import EmbeddingQueue, ServedEmbedder, Vector


def add_openai_routes(router: APIRouter, queue: EmbeddingQueue) -> None:
    """`/v1/embeddings` and `/v1/models`."""
    served = queue.served

    @router.post(
        "/v1/embeddings",
        summary="Embed texts, or pictures",
        response_model=OpenAIReply,
        responses=documented(404),
    )
    async def embeddings(request: Request, body: OpenAIRequest) -> Response:
        """All vectors, or an error: OpenAI has none for a single input."""
        model = _model(served, body.model)
        contents = [body.input] if isinstance(body.input, str) else body.input
        inputs = [_input(place, content, body.modality) for place, content in enumerate(contents)]
        embedder = None if body.dimensions is None else served.sized(body.dimensions)
        vectors = []
        for place, answer in enumerate(await queue.embed(request, inputs, embedder=embedder)):
            if isinstance(answer, InputRejection):
                raise HTTPException(422, f"input[{place}]: {answer.reason}")
            vectors.append(answer)
        if body.dimensions is not None:
            _check_dimensions(body.dimensions, vectors)
        words = sum(len((entry.text or "").split()) for entry in inputs)
        return vectors_reply(
            {
                "object": "list",
                "data": [
                    {
                        "object": "embedding",
                        "index": place,
                        "embedding": _encoded(vector, body.encoding_format),
                    }
                    for place, vector in enumerate(vectors)
                ],
                "model": model,
                "usage": {"prompt_tokens": words, "total_tokens": words},
            }
        )

    @router.get("/v1/models", summary="What is served")
    async def models() -> OpenAIModels:
        """The names that `model` may have in a request for embeddings."""
        return OpenAIModels(data=[OpenAIModel(id=name) for name in served.models])


def _model(served: ServedEmbedder, asked: str | None) -> str:
    """Vectors of another model than the one asked for would be taken for right ones."""
    if asked is None:
        return served.models[0]
    if asked not in served.models:
        raise HTTPException(404, f"there is no such model here; served: {', '.join(served.models)}")
    return asked


def _input(place: int, content: str | OpenAIImage, modality: Literal["text", "image"]) -> EmbedInput:
    if isinstance(content, OpenAIImage):
        return EmbedInput(place, None, content.image)
    return EmbedInput(place, None, content) if modality == "image" else EmbedInput(place, content, None)


def _check_dimensions(dimensions: int, vectors: Sequence[Vector]) -> None:
    size = vectors[0].shape[0]
    if size != dimensions:
        raise HTTPException(
            422, f"dimensions of {dimensions:,} are not supported by this model, whose vectors have {size:,}"
        )


def _encoded(vector: Vector, encoding: Literal["float", "base64"] | None) -> object:
    return b64encode(vector.astype("<f4").tobytes()).decode() if encoding == "base64" else vector
