"""The section `celery`: how a team's own queue does the work."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, SecretStr
from pydantic_core import PydanticCustomError

from embedconsole.config.sections.base import Section
from embedconsole.config.types import OptionalSecret, Timeout


def _broker(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    scheme, separator, rest = text.partition("://")
    if not (scheme and separator and rest):
        raise PydanticCustomError(
            "broker", "should be an address such as redis://host:6379/0 or amqp://user:password@host:5672//"
        )
    return SecretStr(text)


BrokerUrl: TypeAlias = Annotated[SecretStr, AfterValidator(_broker)]


class CeleryConfig(Section):
    """Where the messages go, and how long a worker keeps at one."""

    broker: BrokerUrl = SecretStr("redis://127.0.0.1:6379/0")
    """Redis or RabbitMQ, as Celery writes their addresses."""
    queue: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f\x7f]+$")] = (
        "embedconsole"
    )
    """The queue that our messages go to."""
    drain_seconds: Timeout = 60.0
    """For how long one `drain` claims work; a warm shutdown waits about as long."""
    results: OptionalSecret = None
    """Where Celery keeps what tasks return; without it only the log and Flower tell."""
