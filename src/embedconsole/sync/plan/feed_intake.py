"""Plans the items that the change feed names: the ledger takes the keys, and only then the outbox is
emptied.
"""

from __future__ import annotations

from array import array
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from embedconsole.faults import Fault, FaultClass, Refused, Transient
from embedconsole.sync.plan.planner import PlanResult
from embedconsole.sync.shared.options import PlanOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from embedconsole.catalog.feed.base import ChangeFeed, FeedEntry
    from embedconsole.sync.plan.planner import Planner
    from embedconsole.sync.shared.journal import Journal

ENTRIES_IN_ONE_PAGE = 1000
ENTRIES_IN_ONE_PASS = 100_000
"""A pass deletes all that it finds gone or nothing, so it has to remember that much at most."""

WORKS_AGAIN = "the change feed works again"


class FeedFailed(Exception):
    """The feed itself could not be asked; the catalog and the ledger have nothing to do with it."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(slots=True)
class FeedIntake:
    """The feed of one pipeline, for as long as the engine is open. Its methods block.

    Attributes:
        failing: The outbox could not be read or emptied, and another try alone will not repair that.
    """

    feed: ChangeFeed
    failing: bool = False
    _told: str | None = None

    def waiting(self) -> bool:
        """Whether there is something to take. Raises FeedFailed."""
        with self._asking():
            return self.feed.waiting()

    def problem(self) -> str | None:
        """The problem with the feed, on one line; None when every change is noted.

        Raises:
            Transient: The database does not answer just now.
        """
        try:
            problems = self.feed.problems()
        except Refused as fault:
            return str(fault)
        if not problems:
            return None
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        return f"{problems[0]}{more}; changes are found by the scan. `embedconsole feed status` shows more"

    def check(self, journal: Journal, failed: FeedFailed | None = None) -> None:
        """Look at the triggers, and note what is wrong, or that it is so no more: once, not at every look.

        Args:
            failed: The error that has just occurred, reported where the triggers do not explain it.
        """
        try:
            problem = self.problem() or (None if failed is None else str(failed))
        except Transient:
            return
        if problem == self._told or (problem is None and self.failing):
            return
        self._told = problem
        if problem is None:
            journal.note("info", "feed", WORKS_AGAIN)
        else:
            journal.note("warning", "feed", problem)

    def beside_a_scan(
        self, planner: Callable[[], Planner], options: PlanOptions, journal: Journal
    ) -> PlanResult:
        """A scan, and what the feed names: what was in the outbox before a full one began is covered by it.

        A feed that fails is reported, and harms no scan.
        """
        covered: Sequence[FeedEntry] = ()
        if options.full:
            with self._telling(journal), self._asking():
                covered = self.feed.read(ENTRIES_IN_ONE_PASS)
        result = planner().run(options)
        # What a scan refused to delete would be deleted by the feed, a part at a time.
        if result.refusal is None:
            with self._telling(journal):
                self._acknowledge(covered)
                result = replace(result, refusal=self._take_all(planner))
        self.check(journal)
        return result

    def take(self, planner: Callable[[], Planner], journal: Journal) -> PlanResult:
        """Have the planner look at everything that the feed names now; a feed that fails is reported.

        Raises:
            Stopped, Transient, Refused: as `Planner.run`; what was not planned stays in the outbox.
        """
        result = PlanResult()
        failed = self.failing
        with self._telling(journal):
            result = PlanResult(self._take_all(planner))
        if failed:
            self.check(journal)
        return result

    def _take_all(self, planner: Callable[[], Planner]) -> str | None:
        refusal, taken = self._pass(planner)
        while refusal is None and taken == ENTRIES_IN_ONE_PASS:
            refusal, taken = self._pass(planner)
        self.failing = False
        return refusal

    def _pass(self, make_planner: Callable[[], Planner]) -> tuple[str | None, int]:
        """Take up to `ENTRIES_IN_ONE_PASS`; gives the guard's refusal, and how many there were."""
        planner = make_planner()
        taken = 0
        gone = array("q")
        held: list[FeedEntry] = []
        for page in self._pages():
            taken += len(page)
            if any(entry.key is None for entry in page):
                # A table was emptied at a stroke: its keys are not known.
                refusal = make_planner().run(PlanOptions(full=True)).refusal
                self._acknowledge([*held, *page])
                return refusal, taken
            before = len(gone)
            for keys in self._keys(page):
                gone.extend(planner.look_at(keys))
            if len(gone) > before:
                held.extend(page)
            else:
                self._acknowledge(page)
        if gone and taken == ENTRIES_IN_ONE_PASS:
            # There may be more: only a look at everything decides over a mass delete as a whole.
            refusal = make_planner().run(PlanOptions(full=True)).refusal
        else:
            refusal = planner.bury(array("q", dict.fromkeys(gone)))
        # Also when it was refused: the next scan finds the same, and what comes behind must not wait for it.
        self._acknowledge(held)
        return refusal, taken

    def _pages(self) -> Iterator[Sequence[FeedEntry]]:
        after = None
        for _ in range(ENTRIES_IN_ONE_PASS // ENTRIES_IN_ONE_PAGE):
            with self._asking():
                page = self.feed.read(ENTRIES_IN_ONE_PAGE, after)
            if page:
                yield page
            if len(page) < ENTRIES_IN_ONE_PAGE:
                return
            after = page[-1].id

    def _keys(self, page: Sequence[FeedEntry]) -> Iterator[Sequence[str]]:
        pages = iter(self.feed.keys(page))
        while True:
            with self._asking():
                keys = next(pages, None)
            if keys is None:
                return
            yield keys

    def _acknowledge(self, entries: Sequence[FeedEntry]) -> None:
        if entries:
            with self._asking():
                self.feed.acknowledge(entries)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except Fault as fault:
            self.failing = fault.kind is FaultClass.REFUSED
            raise FeedFailed(fault) from fault

    @contextmanager
    def _telling(self, journal: Journal) -> Iterator[None]:
        try:
            yield
        except FeedFailed as failed:
            # What passes by itself needs no word.
            if self.failing:
                self.check(journal, failed)
