"""The settings for pictures that we fetch ourselves; a part of the tree in `model.py`."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from embedconsole.config.sections.base import Section
from embedconsole.config.sections.tls import TlsConfig
from embedconsole.config.types import OptionalPath, Positive, Timeout
from embedconsole.pictures.policy import MOST_PIXELS, PictureLimits, as_network

_HOST = re.compile(r"[\w.-]+", re.ASCII)


def _one_is_a_list(value: object) -> object:
    # As an environment variable, or written short: `allow_private: minio.internal`.
    if isinstance(value, str) and value.strip().lower() not in ("true", "false"):
        return [entry for entry in re.split(r"[\s,]+", value) if entry]
    return value


def _hosts(value: bool | list[str]) -> bool | list[str]:
    for entry in value if isinstance(value, list) else []:
        if as_network(entry) is None and not _HOST.fullmatch(entry):
            raise PydanticCustomError(
                "hosts", "should be true, false, or hosts and networks such as [minio.internal, 10.1.0.0/16]"
            )
    return value


Allowed: TypeAlias = Annotated[bool | list[str], BeforeValidator(_one_is_a_list), AfterValidator(_hosts)]


class PicturesConfig(Section):
    """What a picture may cost us, and where it may come from; see `PictureLimits`."""

    folder: OptionalPath = None
    """Where local paths begin, and must stay; without it they are refused."""
    allow_private: Allowed = False
    """Hosts and networks beside the public internet, such as `[minio.internal, 10.1.0.0/16]`; true: all."""
    max_bytes: Positive = 20_000_000
    """Of a picture, with its transfer's compression undone."""
    max_pixels: Annotated[Positive, Field(le=MOST_PIXELS)] = 50_000_000
    """Of a picture, read from its header."""
    timeout: Timeout = 20.0
    """For each picture, redirects and all."""
    tls: TlsConfig = TlsConfig()
    """How an https address is trusted, and how it trusts us."""

    @property
    def limits(self) -> PictureLimits:
        """The same for a `PictureFetcher`."""
        return PictureLimits(
            allow_private=tuple(self.allow_private)
            if isinstance(self.allow_private, list)
            else self.allow_private,
            max_bytes=self.max_bytes,
            max_pixels=self.max_pixels,
            timeout=self.timeout,
            folder=self.folder,
            tls=self.tls.context("pictures.tls"),
        )


class SentPictures(PicturesConfig):
    """How pictures reach a service."""

    send: Literal["reference", "bytes"] = "reference"
    """`bytes`: we fetch them and send `data:` addresses, for a service that can't reach them itself."""

    @model_validator(mode="after")
    def _limits_are_for_bytes(self) -> Self:
        if self.send == "reference" and self.model_dump(exclude_defaults=True, exclude={"send"}):
            raise ValueError("only counts with send: bytes; else the service fetches the pictures itself")
        return self
