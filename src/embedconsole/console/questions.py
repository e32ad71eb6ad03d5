"""What is asked before something that costs: the figures as far as they are known, and honest where not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedconsole.console.text import clean
from embedconsole.console.words import counted, money, span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedconsole.collection.compare import Difference
    from embedconsole.console.launch import LaunchFacts
    from embedconsole.sync.daemon.orders import Wish
    from embedconsole.sync.inspect.init import InitPlan
    from embedconsole.sync.observe.snapshot import PipelineView, Snapshot


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """What embedding some items comes to; None where nobody can know."""

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


def choice_question(wish: Wish, estimate: CostEstimate | None, noun: str) -> str:
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
            "Searches go on while they are built.",
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
    asked = [f"{name} of the size that its embedder tells by one embedding".strip() for name in plan.asks]
    return ", ".join([*known, *asked])


def difference_words(one: Difference) -> str:
    """A difference and what to do about it, in a line."""
    return f"{one.field} is {one.have or 'missing'}, configured is {one.want or 'nothing'}: {one.remedy}"


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
