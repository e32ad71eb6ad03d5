"""The embedder: which one, and whether it answers with a vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from pydantic import TypeAdapter, ValidationError

from embedconsole.config.sections.embedder import EmbedderConfig
from embedconsole.config.types import FOLDER
from embedconsole.embedders.build import build_embedder
from embedconsole.faults import ConfigError
from embedconsole.redact import MASK, mask_url
from embedconsole.setup.answers import EmbedderAnswers, EmbedderKind
from embedconsole.setup.interview import NONE, Question, is_address, something
from embedconsole.setup.variables import as_reference, variable_name
from embedconsole.sync.inspect.checks import embed_sample

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from embedconsole.setup.interview import Interview
    from embedconsole.setup.variables import Variables

_HELP = """\
http: a service of your own, POST {"items": [...]} -> {"embeddings": [...]}
  openai: anything that speaks /v1/embeddings: OpenAI, vLLM, TEI, Ollama, Infinity
  replicate: a model on Replicate
  fastembed: a model on this machine, with the extra [local]
  hashing: no model at all, free and offline; good enough to try things out"""
_KINDS: Mapping[str, EmbedderKind] = {
    "http": "http",
    "openai": "openai",
    "replicate": "replicate",
    "fastembed": "fastembed",
    "hashing": "hashing",
}
NAMES: Mapping[EmbedderKind, str] = {
    "http": "ml",
    "openai": "openai",
    "replicate": "clip",
    "fastembed": "local",
    "hashing": "words",
}
"""What an embedder of each type is called, unless it is named otherwise."""
TOGETHER: frozenset[EmbedderKind] = frozenset({"http", "hashing"})
"""Those that take a text and a picture of one item at once."""
_MODELS: Mapping[EmbedderKind, str] = {
    "openai": "text-embedding-3-small",
    "replicate": "openai/clip",
    "fastembed": "Qdrant/clip-ViT-B-32-text",
}
_TOKENS: Mapping[EmbedderKind, tuple[str, str]] = {
    "http": ("ML_TOKEN", "authorization"),
    "openai": ("OPENAI_API_KEY", "api_key"),
    "replicate": ("REPLICATE_API_TOKEN", "token"),
}
_OPTIONAL = " (may be left out)"
_ADAPTER: TypeAdapter[EmbedderConfig] = TypeAdapter(EmbedderConfig)


def ask_embedder(
    interview: Interview, variables: Variables, suggested: EmbedderAnswers | None
) -> EmbedderAnswers:
    """Which embedder, and what it needs.

    Args:
        suggested: A preset's.
    """
    default = suggested.kind if suggested else "http"
    kind = interview.choose("embedder", f"Embedder: {', '.join(_KINDS)}", _HELP, _KINDS, default)
    own = suggested if suggested is not None and suggested.kind == kind else None
    settings = dict(own.settings) if own else {}
    if kind == "http":
        settings |= _service(interview, variables, settings.get("shape", "items"))
    elif kind == "hashing":
        settings["size"] = interview.ask(
            Question("size", "Dimensions", "Of its vectors, 8 or more.", "512", _size)
        )
    else:
        settings |= _model(interview, kind, settings.get("model", _MODELS[kind]))
    settings |= _token(interview, variables, kind)
    return EmbedderAnswers(own.name if own else NAMES[kind], kind, settings)


def try_embedder(answers: EmbedderAnswers, variables: Variables, folder: Path, *, text: bool) -> int:
    """Make one real embedding; returns its dimensions.

    Args:
        text: Of a text, else of a picture.

    Raises:
        ConfigError: its settings can't be used, or the answer is no vector.
        Throttled, Transient, BadInput, Refused: it fails.
    """
    settings = {name: variables.value(value) or None for name, value in answers.settings.items()}
    authorization = settings.pop("authorization", None)
    headers = {"Authorization": authorization} if authorization else {}
    tree: dict[str, object] = {"type": answers.kind, **settings, **({"headers": headers} if headers else {})}
    try:
        config = _ADAPTER.validate_python(tree, context={FOLDER: folder})
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{'.'.join(map(str, first['loc'][1:]))}: {first['msg']}") from None

    async def embed() -> int:
        embedder = build_embedder(answers.name, config)
        try:
            return await embed_sample(embedder, text=text)
        finally:
            await embedder.aclose()

    return anyio.run(embed)


def _service(interview: Interview, variables: Variables, shape: str) -> dict[str, str]:
    variable = "ML_EMBEDDING_URL"
    what = "the embedding service's address"

    def parse(text: str) -> str:
        name = as_reference(text)
        if name is not None:
            return variables.refer(name, what, stand_in="http://127.0.0.1")
        if not is_address(text):
            raise ConfigError("should begin with http:// or https://, or name a variable that is set")
        shown = mask_url(text)
        return text if shown == text else variables.keep(variable, text, shown, what)

    default = variable if variables.is_set(variable) else "http://127.0.0.1:8000/embed"
    url = interview.ask(
        Question("embedder-url", "Its address", "Where the items are posted to.", default, parse)
    )
    shape = interview.choose(
        "shape",
        "Shape of its requests: items, single",
        'items: many at once, {"items": [...]}; single: {"text", "image_url"}, one request an item.',
        {"items": "items", "single": "single"},
        shape,
    )
    return {"url": url, "shape": shape}


def _model(interview: Interview, kind: EmbedderKind, default: str) -> dict[str, str]:
    found: dict[str, str] = {}
    if kind == "openai":
        found["url"] = interview.ask(
            Question(
                "embedder-url",
                "Its address, up to /v1",
                "https://api.openai.com/v1, or that of your own server.",
                "https://api.openai.com/v1",
                _address,
            )
        )
    help_text = "As its maker names it; on Replicate owner/name, or owner/name:version."
    found["model"] = interview.ask(Question("model", "Model", help_text, default, something))
    return found


def _token(interview: Interview, variables: Variables, kind: EmbedderKind) -> dict[str, str]:
    if kind not in _TOKENS:
        return {}
    usual, setting = _TOKENS[kind]
    default = usual if kind != "http" or variables.is_set(usual) else NONE
    name = interview.ask(
        Question(
            "token-env",
            "Environment variable with its token",
            "Tokens stay in the environment: the file only names the variable. - where it needs none.",
            default,
            lambda text: variable_name(text) if text else None,
        )
    )
    if name is None:
        return {}
    if interview.tests and not interview.unattended and not variables.is_set(name):
        text = f"{name} is not set here; its value (not shown, not written)"
        token = interview.ask(Question("token", text, "Only used here.", "", str, hidden=True))
        if token:
            variables.keep(name, token, MASK, "")
    needed = "" if kind == "replicate" else _OPTIONAL
    reference = variables.refer_if_set(name, f"the token of the {kind} embedder{needed}")
    return {setting: f"Bearer {reference}" if setting == "authorization" else reference}


def _address(text: str) -> str:
    if not is_address(text):
        raise ConfigError("should begin with http:// or https://")
    if mask_url(text) != text:
        raise ConfigError("leave credentials out of it: they go into the token's variable")
    return text


def _size(text: str) -> str:
    if not text.isdecimal() or int(text) < 8:
        raise ConfigError("should be a number from 8 on")
    return text
