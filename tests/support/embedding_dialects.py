"""The request and reply shapes that the loopback embedding service speaks, each as its model does."""

from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from support.embedding_behaviour import Behaviour

Item = dict[str, object]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is replied when all goes well."""

    body: bytes
    status: int = 200


class Dialect(Protocol):
    """One way to ask for embeddings."""

    def items(self, body: Mapping[str, object]) -> list[Item]:
        """What a request asks to embed: all that the vectors depend on, and `product_id` to count by."""
        ...

    def answer(self, body: Mapping[str, object], vectors: Sequence[bytes], how: Behaviour) -> Answer:
        """The reply with these vectors (JSON arrays)."""
        ...

    def error(self, status: int) -> bytes:
        """What an error says when the behaviour does not."""
        ...


class OwnService:
    """Both shapes of the `http` embedder."""

    def items(self, body: Mapping[str, object]) -> list[Item]:
        items = body.get("items", [body])
        assert isinstance(items, list)
        return items

    def answer(self, body: Mapping[str, object], vectors: Sequence[bytes], how: Behaviour) -> Answer:
        if "items" not in body and vectors:
            return Answer(b'{"embedding":' + vectors[0] + b"}")
        return Answer(b'{"embeddings":[' + b",".join(vectors) + b"]}")

    def error(self, status: int) -> bytes:
        return b'{"detail":"refused with %d"}' % status


class OpenAI:
    """`/v1/embeddings`; as Infinity does, it takes images where `modality` says so."""

    def items(self, body: Mapping[str, object]) -> list[Item]:
        contents = body["input"]
        assert isinstance(contents, list)
        assert all(contents), "OpenAI refuses an empty string"
        images = body.get("modality") == "image"
        return [_openai_item(content, image=images) for content in contents]

    def answer(self, body: Mapping[str, object], vectors: Sequence[bytes], how: Behaviour) -> Answer:
        encode = _base64 if body.get("encoding_format") == "base64" else bytes
        entries = [
            b'{"object":"embedding","index":%d,"embedding":%s}' % (index, encode(vector))
            for index, vector in enumerate(vectors)
        ]
        if how.do == "shuffle":
            entries.reverse()
        usage = b'"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}'
        return Answer(b'{"object":"list","data":[' + b",".join(entries) + b"]," + usage + b"}")

    def error(self, status: int) -> bytes:
        return b'{"error":{"message":"refused with %d","type":"error","param":null,"code":null}}' % status


def _openai_item(content: object, *, image: bool) -> Item:
    if isinstance(content, dict):
        return {"image": content["image"]}
    return {"image" if image else "text": content}


def _base64(vector: bytes) -> bytes:
    numbers = json.loads(vector)
    if not numbers or any(type(number) not in (int, float) for number in numbers):
        return vector
    with np.errstate(over="ignore"):
        return b'"' + base64.b64encode(np.array(numbers, dtype=np.float64).astype("<f4").tobytes()) + b'"'


class Replicate:
    """Predictions that live on: created by a POST, looked at by GETs, cancelled.

    The model's name decides about its inputs and outputs: `openai/clip` takes `text` or `image` and answers
    an object; a model of the owner `old` answers a list of one; one that is given `inputs` takes lines and
    answers pairs of input and embedding.
    """

    def __init__(self) -> None:
        self.predictions: dict[str, dict[str, object]] = {}
        self.cancelled: list[str] = []
        self.looks = 0
        self._results: dict[str, dict[str, object]] = {}
        self._ids = itertools.count(1)

    def items(self, body: Mapping[str, object]) -> list[Item]:
        given = body["input"]
        assert isinstance(given, dict)
        if isinstance(given.get("inputs"), str):
            return [_line_item(line) for line in given["inputs"].strip().splitlines()]
        (kind,) = {"text", "image"} & given.keys()
        return [{kind: given[kind]}]

    def answer(self, body: Mapping[str, object], vectors: Sequence[bytes], how: Behaviour) -> Answer:
        number = f"p{next(self._ids)}"
        given = body["input"]
        prediction: dict[str, object] = {
            "id": number,
            "model": "openai/clip",
            "version": str(body.get("version", "hidden")),
            "input": given,
            "logs": "",
            "output": self._output(body, vectors),
            "data_removed": False,
            "error": None,
            "status": "succeeded",
            "created_at": "2026-11-22T08:00:00.000Z",
            "metrics": {"predict_time": 0.1},
            "urls": {"get": f"/v1/predictions/{number}", "cancel": f"/v1/predictions/{number}/cancel"},
        }
        if how.do == "prediction":
            self._results[number] = {**prediction, **how.prediction}
            prediction = {**prediction, "output": None, "metrics": {}, **how.created}
        self.predictions[number] = prediction
        return Answer(_json(prediction), 201)

    def _output(self, body: Mapping[str, object], vectors: Sequence[bytes]) -> object:
        numbers = [json.loads(vector) for vector in vectors]
        given = body["input"]
        assert isinstance(given, dict)
        if "inputs" in given:
            lines = str(given["inputs"]).strip().splitlines()
            pairs = itertools.zip_longest(lines[: len(numbers)], numbers, fillvalue="")
            return [{"input": line, "embedding": vector} for line, vector in pairs]
        if not numbers:
            return None
        old = str(body.get("version", "")).startswith("01d")
        return [{"embedding": numbers[0]}] if old else {"embedding": numbers[0]}

    def look(self, number: str) -> bytes | None:
        """A prediction as a GET shows it; one that was begun has ended from its `looks`-th look on."""
        self.looks += 1
        prediction = self.predictions.get(number)
        if prediction is None:
            return None
        if number in self._results:
            left = int(str(self._results[number].get("looks", 0)))
            self._results[number]["looks"] = left - 1
            if left <= 0:
                self.predictions[number] = prediction = self._results.pop(number)
            else:
                prediction = {**prediction, "status": "processing"}
        return _json({name: value for name, value in prediction.items() if name != "looks"})

    def cancel(self, number: str) -> bytes | None:
        """What a POST to its `cancel` answers."""
        self.cancelled.append(number)
        if number not in self.predictions:
            return None
        self._results.pop(number, None)
        self.predictions[number]["status"] = "canceled"
        return _json(self.predictions[number])

    def error(self, status: int) -> bytes:
        return b'{"title":"Error","detail":"refused with %d","status":%d}' % (status, status)


def _line_item(line: str) -> Item:
    return {"image" if line.startswith("http") else "text": line.strip()}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()  # writes NaN and Infinity, as models on Python do
