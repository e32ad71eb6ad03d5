"""How questions are asked: each has a name, a default and a help text, and its answer is checked at once.

An answer comes from a flag, or unattended from the default, or from a person. What is typed goes to stderr's
terminal, as talk does, so that stdout stays the data of what follows.
"""

from __future__ import annotations

import shutil
import sys
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

import click

from embedconsole.faults import ConfigError, Fault
from embedconsole.foreign_text import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
U = TypeVar("U")

NONE = "-"
"""What is typed for "nothing" where there is a default."""


@dataclass(frozen=True, slots=True)
class Question(Generic[T]):
    """Something to be asked.

    Attributes:
        name: Of the flag that may answer it, without dashes; also what errors call it.
        default: Taken by the enter key; None when there is nothing to suggest and something must be said.
        parse: Turns the text into the answer; raises `ConfigError` (or a `Fault`) with what is wrong with it.
        hidden: Nothing typed is shown, and the default neither.
    """

    name: str
    text: str
    help: str
    default: str | None
    parse: Callable[[str], T]
    hidden: bool = False


class Unanswered(click.UsageError):
    """There is no terminal to ask at, and no answer was given."""


@dataclass(slots=True)
class Questions:
    """The questions of one setup, answered by flags, by defaults or by a person.

    Attributes:
        given: Answers by flag, by the question's name. Each is used once: an edit asks again.
        unattended: Defaults are taken, and what is wrong ends the setup.
        tests: Whether parts are tried; without, they are only written down.
    """

    given: Mapping[str, str]
    unattended: bool
    tests: bool = True
    _used: set[str] = field(default_factory=set)
    _said: dict[str, str] = field(default_factory=dict)

    def ask(self, question: Question[T]) -> T:
        """The answer to a question.

        Raises:
            ConfigError: a flag's answer, or unattended the default, is not usable.
            Unanswered: unattended, and there is no default.
            click.Abort: the person has had enough.
        """
        if question.name in self.given and question.name not in self._used:
            self._used.add(question.name)
            return self._from_flag(question, self.given[question.name])
        if self.unattended:
            if question.default is None:
                raise Unanswered(f"give --{question.name}: --yes asks no questions")
            return self._from_flag(question, question.default)
        while True:
            text = self._typed(question)
            if text == "?":
                self.say(f"  {question.help}\n  (enter takes what stands in [ ], {NONE} is none, ^C ends)")
                continue
            try:
                answer = question.parse("" if text == NONE else text)
            except (ConfigError, Fault) as error:
                self.say(f"  {error}")
                continue
            if not question.hidden:
                self._said[question.name] = text
            return answer

    def choose(self, name: str, text: str, help_text: str, choices: Mapping[str, U], default: str) -> U:
        """One of some words; their beginnings are enough where only one begins so."""

        def parse(word: str) -> U:
            word = word.lower() or "none"
            fitting = [word] if word in choices else [choice for choice in choices if choice.startswith(word)]
            if len(fitting) != 1:
                raise ConfigError(f"one of {', '.join(choices)}")
            return choices[fitting[0]]

        return self.ask(Question(name, text, help_text, default, parse))

    def settle(self, title: str, ask: Callable[[], T], test: Callable[[T], U]) -> tuple[T, U | None]:
        """Ask for a part and try it, until it works or the person leaves it as it is.

        Args:
            test: Tries the answer and says what it found; raises what `ask` may.

        Returns:
            The answer, and what the test gave: None when it was skipped.
        """
        answer = ask()
        while self.tests:
            self.say(f"  trying {title} ...")
            try:
                return answer, test(answer)
            except (ConfigError, Fault) as error:
                if self.unattended:
                    raise
                self.say(f"  FAIL  {error}")
            step = self.choose(
                "step",
                f"{title}: edit, retry or skip",
                "edit asks again, retry tries the same once more, skip writes it down untried.",
                {"edit": "edit", "retry": "retry", "skip": "skip"},
                "edit",
            )
            if step == "skip":
                break
            if step == "edit":
                answer = ask()
        return answer, None

    def heading(self, text: str) -> None:
        """Begin a part."""
        self.say(f"\n{text}")

    def say(self, text: str) -> None:
        """Tell something; foreign text in it is made harmless."""
        lines = harmless(text).split("\n")
        if sys.stderr.isatty():
            lines = [_wrapped(line, shutil.get_terminal_size().columns) for line in lines]
        click.echo("\n".join(lines), err=True)

    def _typed(self, question: Question[T]) -> str:
        default = self._said.get(question.name, question.default)
        shown = "" if question.hidden or default is None else f" [{harmless(default) or NONE}]"
        value: str = click.prompt(
            f"{question.text}{shown}",
            default="" if default is None else default,
            show_default=False,
            hide_input=question.hidden,
            err=True,
        )
        return value.strip()

    def _from_flag(self, question: Question[T], text: str) -> T:
        try:
            return question.parse("" if text == NONE else text)
        except ConfigError as error:
            raise ConfigError(f"--{question.name}: {error}") from error


def _wrapped(line: str, width: int) -> str:
    """A line that keeps its indentation where it wraps."""
    indent = line[: len(line) - len(line.lstrip())]
    return textwrap.fill(line, width, subsequent_indent=indent, break_long_words=False) if line else ""


def something(text: str) -> str:
    """The text; raises `ConfigError` where there is none."""
    if not text:
        raise ConfigError("something is needed; ? explains it")
    return text


def is_address(text: str) -> bool:
    """Whether the text begins as the address of a web service does."""
    return text.lower().startswith(("http://", "https://"))
