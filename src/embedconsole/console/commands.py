"""The commands behind the actions: switches take effect at once, others ask first, and some show a sheet
of results.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from embedconsole.console.screens.dialogs import (
    ConfirmDialog,
    ForceDialog,
    Sheet,
    check_lines,
    compared_lines,
    difference_words,
    initialised_lines,
)
from embedconsole.console.text import clean, counted, money, number, span_of, wrapped
from embedconsole.console.views.collection import drift_lines
from embedconsole.faults import ConfigError, Fault
from embedconsole.sync.daemon.orders import OrderedRun
from embedconsole.sync.inspect.collection import init_planned
from embedconsole.sync.inspect.failures import retry_chosen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence
    from concurrent.futures import Future

    from embedconsole.console.launch import LaunchFacts
    from embedconsole.console.screens.base import ScreenHost
    from embedconsole.console.text import Line, Tone
    from embedconsole.sync.audit.collection import AuditProgress
    from embedconsole.sync.audit.report import Audit
    from embedconsole.sync.inspect.checks import Check
    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot
    from embedconsole.sync.run.init import InitPlan


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """Time and cost of embedding some items; None where unknown."""

    items: int
    seconds: float | None
    cost: float | None


def force_estimate(
    snapshot: Snapshot, facts: Sequence[LaunchFacts], chosen: int | None = None
) -> CostEstimate:
    """Embedding everything of these pipelines again, or of the first of them so many chosen items."""
    by_name = {one.name: one for one in facts}
    parts = [
        _part(view, _items(view, chosen), by_name[view.name])
        for view in snapshot.pipelines
        if view.name in by_name
    ]
    seconds = [part.seconds for part in parts]
    costs = [part.cost for part in parts if part.cost is not None]
    return CostEstimate(
        items=sum(part.items for part in parts),
        # They run side by side: the longest one decides.
        seconds=None
        if any(one is None for one in seconds)
        else max((one or 0.0 for one in seconds), default=0.0),
        cost=sum(costs) if costs else None,
    )


def _items(view: PipelineView, chosen: int | None) -> int:
    if chosen is not None:
        return chosen
    return 0 if view.counts is None else view.counts.total


def retry_estimate(view: PipelineView, facts: LaunchFacts, chosen: int | None = None) -> CostEstimate:
    """Embedding so many chosen items; without a choice all that failed or wait for another try."""
    counts = view.counts
    everything = 0 if counts is None else counts.failed + counts.retrying
    return _part(view, everything if chosen is None else chosen, facts)


def force_question(estimate: CostEstimate, facts: Sequence[LaunchFacts]) -> str:
    """The text of the question."""
    nouns = {one.noun for one in facts}
    noun = nouns.pop() if len(nouns) == 1 else "item"
    where = f" of all {len(facts)} pipelines" if len(facts) > 1 else ""
    return (
        f"Embed {counted(estimate.items, noun)}{where} again, changed or not: {_time_and_cost(estimate)} "
        "Search keeps working meanwhile; the points are replaced one by one."
    )


def choice_question(wish: OrderedRun, estimate: CostEstimate | None, noun: str) -> str:
    """The text of the question when only some are chosen; `estimate` is None before they were counted."""
    chosen = clean(", ".join(wish.only))
    if estimate is None:
        return f"Embed again only {chosen}. Enter counts what that comes to. The rest is synced as usual."
    what = f"{counted(estimate.items, noun)} ({chosen}, and what waits anyway)"
    return f"Embed {what}: {_time_and_cost(estimate)} The rest is synced as usual."


def retry_question(estimate: CostEstimate, facts: LaunchFacts) -> str:
    """The text of the question."""
    what = counted(estimate.items, facts.noun)
    return f"Try {what} again, with all their attempts: {_time_and_cost(estimate)}"


def init_question(plan: InitPlan) -> str:
    """The text of the question."""
    indexes = ", ".join(f"{path} {kind}" for path, kind in plan.indexes.items()) or "none"
    if plan.exists:
        lines = [
            f"{plan.target} exists; nothing of it is dropped or changed.",
            f"Payload indexes to add: {indexes}.",
            "Searches keep working while they are built.",
            *(f"Stays as it is: {difference_words(one)}" for one in plan.left),
        ]
    else:
        lines = [
            f"{plan.target} does not exist yet.",
            f"Vectors: {_vectors(plan)}.",
            f"Payload indexes: {indexes}.",
            "It stays empty until the next sync.",
        ]
    return "\n".join(clean(line) for line in lines)


def _vectors(plan: InitPlan) -> str:
    known = [f"{name} {spec.words}".strip() for name, spec in plan.vectors.items()]
    asked = [f"{name} of the size that its embedder reports for one embedding".strip() for name in plan.asks]
    return ", ".join([*known, *asked])


def _part(view: PipelineView, items: int, facts: LaunchFacts) -> CostEstimate:
    pace = view.rate or _last_pace(view)
    return CostEstimate(
        items=items,
        seconds=items / pace if pace else None,
        cost=None if facts.price is None else items * facts.price,
    )


def _last_pace(view: PipelineView) -> float | None:
    """Items a second of the last run, where it embedded enough to tell."""
    report = view.last_report
    if report is None or report.embedded < 10 or report.seconds <= 0:
        return None
    return report.embedded / report.seconds


def _time_and_cost(estimate: CostEstimate) -> str:
    if estimate.seconds is None:
        time = "how long it takes is not known yet"
    else:
        time = f"about {span_of(estimate.seconds)}"
    if estimate.cost is None:
        return f"{time}. What it costs is not known: no price_per_1000 is configured."
    return f"{time}, and about {money(estimate.cost)} to pay."


async def sync(host: ScreenHost) -> None:
    """Run now."""
    if client := host.ready("sync"):
        await tell(host, client.controls.sync(OrderedRun()))


async def pause(host: ScreenHost) -> None:
    """Pause, or go on."""
    if client := host.ready("pause"):
        controls = client.controls
        await tell(host, controls.resume() if host.state.paused else controls.pause())


async def change_workers(host: ScreenHost, action: str, by: int) -> None:
    """Have more or fewer batches embedding at the same time."""
    view = host.state.pipeline_view
    if (client := host.ready(action)) and view is not None:
        host.state.workers = max(1, (host.state.workers or view.workers) + by)
        await tell(host, client.controls.set_workers(host.state.workers))


def switch(host: ScreenHost, by: int) -> None:
    """Show the next pipeline (1), or the one before (-1)."""
    if len(host.state.facts) == 1:
        host.say("There is only one pipeline.")
    host.state.switch(by)
    host.draw()
    if host.place is not None:
        host.place.look_anew()


T = TypeVar("T")


async def retry(host: ScreenHost) -> None:
    """Put failures back: those that the screen has chosen, or all of the shown pipeline.

    Asks first where that is known to cost money.
    """
    client, view, facts = host.ready("retry"), host.state.pipeline_view, host.state.pipeline
    place = host.place
    if client is None or view is None or place is None:
        return
    choice = place.choice
    estimate = retry_estimate(view, facts, None if choice is None else choice.count)
    if not estimate.items:
        host.say("There is nothing to retry.")
        return
    if facts.price:
        question = ConfirmDialog("Retry failures", retry_question(estimate, facts), "Yes, retry")
        if not await host.open(question):
            return
    if choice is None:
        putting = client.retry(facts.name)
    else:
        putting = client.ask(partial(retry_chosen, pipeline=facts.name, chosen=choice.chosen))
    count = await _answer(host, putting)
    if count is not None:
        host.say(f"{counted(count, facts.noun)} put back; they are next.")
        host.poller.nudge()
        place.choice_done()


async def force(host: ScreenHost) -> None:
    """Embed everything again, after asking."""
    client, snapshot = host.ready("force"), host.state.snapshot
    if client is None or snapshot is None:
        return
    shown, everything = host.state.pipeline, host.state.facts

    def text_of(wish: OrderedRun, chosen: int | None) -> str:
        facts = [one for one in everything if wish.pipelines is None or one.name in wish.pipelines]
        if not wish.only:
            return force_question(force_estimate(snapshot, facts), facts)
        estimate = None if chosen is None else force_estimate(snapshot, [shown], chosen)
        return choice_question(wish, estimate, shown.noun)

    count = partial(_count_choice, host)
    wish = await host.open(ForceDialog(shown.name, len(everything) - 1, text_of, count))
    if wish is not None:
        await tell(host, client.controls.sync(wish))


async def _count_choice(host: ScreenHost, wish: OrderedRun) -> int:
    """How many items of the shown pipeline a run would embed, by a dry run of it."""
    # It plans, which nothing does before the first picture.
    from embedconsole.sync.run.dry_run import count_forced

    look = partial(count_forced, pipeline=host.state.pipeline.name, only=wish.options.only)
    return await host.ask(partial(look, ledger_url=host.state.launch.ledger_url))


async def cancel(host: ScreenHost) -> None:
    """End the present run, after asking; pending items stay pending."""
    client, view = host.ready("cancel"), host.state.pipeline_view
    if client is None or view is None:
        return
    if view.progress is None:
        host.say("No run is in progress.")
        return
    text = "The run ends with what is in flight. The next run does the rest; nothing is lost."
    if await host.open(ConfirmDialog("Cancel the run", text, "Yes, cancel it")):
        await tell(host, client.controls.cancel(view.name))


async def init(host: ScreenHost) -> None:
    """Show what there is to create or to add, and what differs; then do it, and show what was done."""
    client, facts = host.ready("init"), host.state.pipeline
    if client is None:
        return
    title = f"Init of {facts.name}"
    plan = await _answer(host, client.ask(partial(init_planned, pipeline=facts.name)))
    if plan is None:
        return
    if not plan.changes:
        await host.open(Sheet(title, partial(compared_lines, plan), host.glyphs))
        return
    costs = bool(plan.asks) and bool(facts.price)
    yes = "Yes, add them" if plan.exists else "Yes, create it"
    question = ConfirmDialog(title, init_question(plan), yes, focus="no" if costs else "yes")
    if not await host.open(question):
        return
    result = await _answer(host, client.initialise(facts.name))
    if result is not None:
        host.poller.nudge()
        await host.open(Sheet(title, partial(initialised_lines, result), host.glyphs))


async def test(host: ScreenHost) -> None:
    """Try everything, a line each as it comes."""
    client, facts = host.ready("test"), host.state.pipeline
    if client is None:
        return
    checks: list[Check] = []
    failed: list[str] = []
    subjects = facts.subjects

    def lines(cells: int) -> list[Line]:
        return check_lines(checks, subjects, cells, failed[0] if failed else None)

    sheet = Sheet(f"Test of {facts.name}", lines, host.glyphs)

    def came(check: Check) -> None:
        checks.append(check)
        sheet.redraw()

    loop = asyncio.get_running_loop()

    def tell(check: Check) -> None:
        loop.call_soon_threadsafe(came, check)

    trying = client.test(facts.name, tell)

    async def wait() -> None:
        try:
            await asyncio.wrap_future(trying)
        except (ConfigError, Fault) as fault:
            failed.append(str(fault))
            sheet.redraw()

    waiting = asyncio.create_task(wait())
    try:
        await host.open(sheet)
    finally:
        trying.cancel()
        await asyncio.gather(waiting, return_exceptions=True)


async def tell(host: ScreenHost, future: Future[str]) -> None:
    """Report the outcome of a switch to the operator."""
    words = await _answer(host, future)
    if words:
        host.say(words)
    host.poller.nudge()


async def _answer(host: ScreenHost, future: Future[T]) -> T | None:
    """The future's result; None, with a notification, when a dependency fails."""
    host.engine_asked()
    try:
        return await asyncio.wrap_future(future)
    except (ConfigError, Fault) as fault:
        host.say(str(fault), alarm=True)
    return None


_REDRAW_EVERY = 1.0


async def verify(host: ScreenHost) -> None:
    """Compare, and show what was found; continues when the sheet is closed."""
    client, facts = host.ready("verify"), host.state.pipeline
    if client is None:
        return
    # They plan, which nothing does before the first picture.
    from embedconsole.sync.audit.collection import AuditProgress
    from embedconsole.sync.audit.verify import verify as compare

    progress = AuditProgress()
    shown: list[Audit | str] = []

    def lines(cells: int) -> list[Line]:
        return _lines(shown[0], cells) if shown else _so_far(progress, cells)

    sheet = Sheet(f"Verify of {facts.name}", lines, host.glyphs)
    comparing = asyncio.wrap_future(client.ask(partial(compare, pipeline=facts.name, progress=progress)))
    watching = asyncio.create_task(_watch(comparing, sheet, shown))
    try:
        await host.open(sheet)
        host.say(f"{facts.name}: {_in_short(await watching)}.")
    finally:
        watching.cancel()
    host.poller.nudge()
    if host.place is not None:
        host.place.look_anew()


async def _watch(comparing: Awaitable[Audit], sheet: Sheet, shown: list[Audit | str]) -> Audit | str:
    """Keep the sheet up to date until there is a result; gives that, or why there is none."""
    waiting = asyncio.ensure_future(comparing)
    try:
        while not waiting.done():
            await asyncio.wait([waiting], timeout=_REDRAW_EVERY)
            if sheet.is_attached:
                sheet.redraw()
        shown.append(waiting.result())
    except (ConfigError, Fault) as fault:
        shown.append(str(fault))
    finally:
        waiting.cancel()
    if sheet.is_attached:
        sheet.redraw()
    return shown[0]


def _lines(found: Audit | str, cells: int) -> list[Line]:
    if isinstance(found, str):
        return wrapped(clean(found), cells, "alert")
    tone: Tone = "alert" if found.known_drift else "wait" if found.failed else "strong"
    return [*wrapped(f"{_in_short(found)}.", cells, tone), *drift_lines(found.as_json(), cells)]


def _in_short(found: Audit | str) -> str:
    if isinstance(found, str):
        return found.rstrip(".")
    drift = found.known_drift
    if found.failed:
        return "Not all could be checked" + (f", and {counted(drift, 'difference')} found" if drift else "")
    return (
        f"{counted(drift, 'difference')}; embedconsole verify --repair repairs them" if drift else "All agree"
    )


def _so_far(progress: AuditProgress, cells: int) -> list[Line]:
    text = (
        f"Comparing: {number(progress.scan.scanned)} rows, {number(progress.items)} items, "
        f"{number(progress.points)} points so far. It continues when this is closed."
    )
    return wrapped(text, cells, "work")
