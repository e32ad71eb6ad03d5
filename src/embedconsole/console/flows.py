"""The actions that ask, wait and answer."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from embedconsole.console.questions import (
    choice_question,
    force_estimate,
    force_question,
    init_question,
    retry_estimate,
    retry_question,
)
from embedconsole.console.screens.confirm import Confirm
from embedconsole.console.screens.dialogs import check_lines, compared_lines, initialised_lines
from embedconsole.console.screens.forcing import Forcing
from embedconsole.console.screens.sheet import Sheet
from embedconsole.console.words import counted
from embedconsole.faults import ConfigError, Fault
from embedconsole.sync.inspect.failures import retry_chosen
from embedconsole.sync.inspect.init import init_planned

if TYPE_CHECKING:
    from concurrent.futures import Future

    from embedconsole.console.app import Console
    from embedconsole.console.text import Line
    from embedconsole.sync.daemon.orders import Wish
    from embedconsole.sync.inspect.checks import Check

T = TypeVar("T")


async def retry(console: Console) -> None:
    """Put failures back: those that the screen has chosen, or all of the shown pipeline.

    Asks first where that is known to cost money.
    """
    helm, view, facts = console.ready("retry"), console.bridge.pipeline_view, console.bridge.pipeline
    place = console.place
    if helm is None or view is None or place is None:
        return
    choice = place.choice
    estimate = retry_estimate(view, facts, None if choice is None else choice.count)
    if not estimate.items:
        console.say("There is nothing to try again.")
        return
    if facts.price:
        question = Confirm("Retry failures", retry_question(estimate, facts), "Yes, try again")
        if not await console.push_screen_wait(question):
            return
    if choice is None:
        putting = helm.retry(facts.name)
    else:
        putting = helm.ask(partial(retry_chosen, pipeline=facts.name, chosen=choice.chosen))
    count = await _answer(console, putting)
    if count is not None:
        console.say(f"{counted(count, facts.noun)} put back; they are tried next.")
        console.lookout.nudge()
        place.choice_done()


async def force(console: Console) -> None:
    """Embed everything again, after asking."""
    helm, snapshot = console.ready("force"), console.bridge.snapshot
    if helm is None or snapshot is None:
        return
    shown, everything = console.bridge.pipeline, console.bridge.facts

    def text_of(wish: Wish, chosen: int | None) -> str:
        facts = [one for one in everything if wish.pipelines is None or one.name in wish.pipelines]
        if not wish.only:
            return force_question(force_estimate(snapshot, facts), facts)
        estimate = None if chosen is None else force_estimate(snapshot, [shown], chosen)
        return choice_question(wish, estimate, shown.noun)

    count = partial(_count_choice, console)
    wish = await console.push_screen_wait(Forcing(shown.name, len(everything) - 1, text_of, count))
    if wish is not None:
        await tell(console, helm.controls.sync(wish))


async def _count_choice(console: Console, wish: Wish) -> int:
    """How many items of the shown pipeline a run would embed, by a dry run of it."""
    # It plans, which nothing does before the first picture.
    from embedconsole.sync.run.dry_run import count_forced

    look = partial(count_forced, pipeline=console.bridge.pipeline.name, only=wish.options.only)
    return await console.ask(partial(look, ledger_url=console.bridge.launch.ledger_url))


async def cancel(console: Console) -> None:
    """End the present run, after asking: what is done is done, what waits goes on waiting."""
    helm, view = console.ready("cancel"), console.bridge.pipeline_view
    if helm is None or view is None:
        return
    if view.progress is None:
        console.say("No run is going on.")
        return
    text = "The run ends with what is in flight. What waits is taken up by the next run; nothing is lost."
    if await console.push_screen_wait(Confirm("Cancel the run", text, "Yes, cancel it")):
        await tell(console, helm.controls.cancel(view.name))


async def init(console: Console) -> None:
    """Show what there is to create or to add, and what differs; then do it, and show what was done."""
    helm, facts = console.ready("init"), console.bridge.pipeline
    if helm is None:
        return
    title = f"Init of {facts.name}"
    plan = await _answer(console, helm.ask(partial(init_planned, pipeline=facts.name)))
    if plan is None:
        return
    if not plan.changes:
        await console.push_screen_wait(Sheet(title, partial(compared_lines, plan), console.glyphs))
        return
    costs = bool(plan.asks) and bool(facts.price)
    yes = "Yes, add them" if plan.exists else "Yes, create it"
    question = Confirm(title, init_question(plan), yes, focus="no" if costs else "yes")
    if not await console.push_screen_wait(question):
        return
    result = await _answer(console, helm.initialise(facts.name))
    if result is not None:
        console.lookout.nudge()
        await console.push_screen_wait(Sheet(title, partial(initialised_lines, result), console.glyphs))


async def test(console: Console) -> None:
    """Try everything, a line each as it comes."""
    helm, facts = console.ready("test"), console.bridge.pipeline
    if helm is None:
        return
    checks: list[Check] = []
    failed: list[str] = []
    subjects = facts.subjects

    def lines(cells: int) -> list[Line]:
        return check_lines(checks, subjects, cells, failed[0] if failed else None)

    sheet = Sheet(f"Test of {facts.name}", lines, console.glyphs)

    def came(check: Check) -> None:
        checks.append(check)
        sheet.redraw()

    loop = asyncio.get_running_loop()

    def tell(check: Check) -> None:
        loop.call_soon_threadsafe(came, check)

    trying = helm.test(facts.name, tell)

    async def wait() -> None:
        try:
            await asyncio.wrap_future(trying)
        except (ConfigError, Fault) as fault:
            failed.append(str(fault))
            sheet.redraw()

    waiting = asyncio.create_task(wait())
    try:
        await console.push_screen_wait(sheet)
    finally:
        trying.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def tell(console: Console, future: Future[str]) -> None:
    """Tell the operator what became of a switch."""
    words = await _answer(console, future)
    if words:
        console.say(words)
    console.lookout.nudge()


async def _answer(console: Console, future: Future[T]) -> T | None:
    """The future's result; None, and a word to the operator, when the outside world fails it."""
    try:
        return await asyncio.wrap_future(future)
    except (ConfigError, Fault) as fault:
        console.say(str(fault), alarm=True)
    return None
