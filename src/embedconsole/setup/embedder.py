"""The embedder: which one, and whether it answers with a vector."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import anyio
from pydantic import TypeAdapter, ValidationError

from embedconsole.config.sections.embedder import EMBEDDERS, EmbedderConfig
from embedconsole.config.types import FOLDER
from embedconsole.embedders.build import build_embedder
from embedconsole.faults import ConfigError
from embedconsole.redact import MASK, mask_url
from embedconsole.setup.answers import EmbedderAnswers
from embedconsole.setup.questions import NONE, Question, is_address, something
from embedconsole.setup.variables import as_reference, variable_name
from embedconsole.sync.inspect.checks import embed_sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pydantic.fields import FieldInfo

    from embedconsole.config.sections.embedders.base import EmbedderSection
    from embedconsole.config.sections.embedders.guide import SetupSetting
    from embedconsole.setup.questions import Questions
    from embedconsole.setup.variables import Variables

_OPTIONAL = " (may be left out)"
_ADAPTER: TypeAdapter[EmbedderConfig] = TypeAdapter(EmbedderConfig)


def ask_embedder(
    questions: Questions, variables: Variables, suggested: EmbedderAnswers | None
) -> EmbedderAnswers:
    """Which embedder, and what it needs.

    Args:
        suggested: A preset's.
    """
    default = suggested.kind if suggested else "http"
    kind = questions.choose(
        "embedder",
        f"Embedder: {', '.join(EMBEDDERS)}",
        "\n  ".join(f"{kind}: {section.guide.summary}" for kind, section in EMBEDDERS.items()),
        {kind: kind for kind in EMBEDDERS},
        default,
    )
    own = suggested if suggested is not None and suggested.kind == kind else None
    guide = EMBEDDERS[kind].guide
    settings = dict(own.settings) if own else {}
    for asked in guide.settings:
        default = settings.get(asked.setting, asked.default)
        settings[asked.setting] = _setting(questions, variables, EMBEDDERS[kind], asked, default)
    settings |= _token(questions, variables, kind)
    return EmbedderAnswers(own.name if own else guide.name, kind, settings)


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


def _setting(
    questions: Questions,
    variables: Variables,
    section: type[EmbedderSection],
    asked: SetupSetting,
    default: str,
) -> str:
    """The value of a setting, as written."""
    option = asked.option or asked.setting
    if asked.choices:
        choices = {choice: choice for choice in asked.choices}
        return questions.choose(option, asked.text, asked.help, choices, default)
    parse: Callable[[str], str]
    if asked.variable is not None:
        parse = partial(_secret_address, variables, asked.variable)
        default = asked.variable if variables.is_set(asked.variable) else default
    elif asked.setting == "url":
        parse = _address
    else:
        parse = partial(_checked, section.model_fields[asked.setting])
    return questions.ask(Question(option, asked.text, asked.help, default, parse))


def _checked(field: FieldInfo, text: str) -> str:
    """The text of a setting, whose own type accepts it."""
    try:
        adapter: TypeAdapter[object] = TypeAdapter(Annotated[field.annotation, *field.metadata])  # type: ignore[arg-type]
        adapter.validate_python(something(text))
    except ValidationError as error:
        raise ConfigError(error.errors()[0]["msg"].replace("Input should", "should")) from None
    return text


def _secret_address(variables: Variables, variable: str, text: str) -> str:
    """An address as written: one with credentials becomes a reference to the variable that keeps it."""
    what = "the embedding service's address"
    name = as_reference(text)
    if name is not None:
        return variables.refer(name, what, stand_in="http://127.0.0.1")
    if not is_address(text):
        raise ConfigError("should begin with http:// or https://, or name a variable that is set")
    shown = mask_url(text)
    return text if shown == text else variables.keep(variable, text, shown, what)


def _token(questions: Questions, variables: Variables, kind: str) -> dict[str, str]:
    asked = EMBEDDERS[kind].guide.token
    if asked is None:
        return {}
    default = asked.variable if asked.usual or variables.is_set(asked.variable) else NONE
    name = questions.ask(
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
    if questions.tests and not questions.unattended and not variables.is_set(name):
        text = f"{name} is not set here; its value (not shown, not written)"
        token = questions.ask(Question("token", text, "Only used here.", "", str, hidden=True))
        if token:
            variables.keep(name, token, MASK, "")
    needed = "" if asked.needed else _OPTIONAL
    reference = variables.refer_if_set(name, f"the token of the {kind} embedder{needed}")
    return {asked.setting: f"Bearer {reference}" if asked.setting == "authorization" else reference}


def _address(text: str) -> str:
    if not is_address(text):
        raise ConfigError("should begin with http:// or https://")
    if mask_url(text) != text:
        raise ConfigError("leave credentials out of it: they go into the token's variable")
    return text
