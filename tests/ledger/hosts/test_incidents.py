"""Incidents: told once, again after a pause, and when they are over; by one process, whoever comes first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

from sqlalchemy import update

from embedconsole.ledger.hosts.incidents import CLAIM_SECONDS
from embedconsole.ledger.ledger import open_ledger
from embedconsole.ledger.records.incidents import AlertVerdict, Notification, NotificationReason
from embedconsole.ledger.schema import incidents

if TYPE_CHECKING:
    from embedconsole.ledger.ledger import Ledger
    from support.databases import Database

REST = 3600.0
WRONG = AlertVerdict("run_failed:products", "products: the run was stopped")
WELL = AlertVerdict("run_failed:products", None)


def judge(ledger: Ledger, *verdicts: AlertVerdict) -> list[Notification]:
    return ledger.incidents.judge(verdicts, REST)


def tell(ledger: Ledger, *verdicts: AlertVerdict) -> list[NotificationReason]:
    """Judge, and send what is to be sent."""
    notifications = judge(ledger, *verdicts)
    ledger.incidents.told(notifications, REST)
    return [notification.reason for notification in notifications]


def pass_time(ledger: Ledger, seconds: float) -> None:
    by = int(seconds * 1000)
    earlier = update(incidents).values(
        opened_at=incidents.c.opened_at - by,
        due_at=incidents.c.due_at - by,
        closed_at=incidents.c.closed_at - by,
    )
    ledger.database.execute(earlier)


def test_an_incident_is_told_once_then_after_each_pause_then_its_end(ledger: Ledger) -> None:
    assert tell(ledger, WELL) == []
    assert tell(ledger, WRONG) == [NotificationReason.OPENED]
    assert tell(ledger, WRONG) == tell(ledger, WRONG) == []
    pass_time(ledger, REST + 1)
    assert tell(ledger, WRONG) == [NotificationReason.REPEATED]
    assert tell(ledger, WRONG) == []
    pass_time(ledger, 60)

    (end,) = judge(ledger, WELL)

    assert (end.reason, end.text) == (NotificationReason.CLOSED, WRONG.text)
    assert REST < end.lasted < REST + 120
    ledger.incidents.told([end], REST)
    assert tell(ledger, WELL) == []
    assert tell(ledger, WRONG) == [NotificationReason.OPENED], "a new one"


def test_what_no_verdict_names_is_left_as_it_is(ledger: Ledger) -> None:
    tell(ledger, WRONG)

    assert tell(ledger) == tell(ledger, AlertVerdict("run_failed:other", None)) == []
    assert ledger.incidents.open_names() == [WRONG.name]


def test_the_latest_words_are_told(ledger: Ledger) -> None:
    tell(ledger, WRONG)
    tell(ledger, AlertVerdict(WRONG.name, "7 items"))

    (end,) = judge(ledger, WELL)

    assert end.text == "7 items"


def test_the_state_survives_the_process(database: Database) -> None:
    with open_ledger(database.url) as ledger:
        assert tell(ledger, WRONG) == [NotificationReason.OPENED]
    with open_ledger(database.url) as ledger:
        assert tell(ledger, WRONG) == []
        assert tell(ledger, WELL) == [NotificationReason.CLOSED]


def test_of_processes_that_find_the_same_at_once_one_tells(ledger: Ledger) -> None:
    barrier = Barrier(4)

    def find(verdict: AlertVerdict) -> list[NotificationReason]:
        barrier.wait()
        return tell(ledger, verdict)

    with ThreadPoolExecutor(4) as pool:
        for verdict, turn in ((WRONG, NotificationReason.OPENED), (WELL, NotificationReason.CLOSED)):
            said = [turn for turns in pool.map(find, [verdict] * 4) for turn in turns]
            assert said == [turn]


def test_a_message_that_did_not_arrive_is_sent_again_by_anybody(ledger: Ledger) -> None:
    (lost,) = judge(ledger, WRONG)
    assert judge(ledger, WRONG) == []
    pass_time(ledger, CLAIM_SECONDS + 1)

    (again,) = judge(ledger, WRONG)

    assert again.reason is NotificationReason.OPENED
    ledger.incidents.told([lost], REST)  # too late, and no longer his to say
    pass_time(ledger, CLAIM_SECONDS + 1)
    assert tell(ledger, WRONG) == [NotificationReason.OPENED]


def test_nobody_hears_of_the_end_of_what_he_never_heard_of(ledger: Ledger) -> None:
    judge(ledger, WRONG)
    assert judge(ledger, WELL) == []
    pass_time(ledger, CLAIM_SECONDS + 1)

    assert judge(ledger, WELL) == []
    assert tell(ledger, WRONG) == [NotificationReason.OPENED]


def test_what_is_over_while_it_is_told_is_told_to_be_over(ledger: Ledger) -> None:
    begun = judge(ledger, WRONG)
    assert judge(ledger, WELL) == []

    ledger.incidents.told(begun, REST)

    assert tell(ledger, WELL) == [NotificationReason.CLOSED]


def test_what_is_back_while_its_end_is_told_is_a_new_one(ledger: Ledger) -> None:
    tell(ledger, WRONG)
    ending = judge(ledger, WELL)
    assert judge(ledger, WRONG) == []

    ledger.incidents.told(ending, REST)

    assert tell(ledger, WRONG) == [NotificationReason.OPENED]


def test_what_is_back_before_its_end_was_told_goes_on_in_silence(ledger: Ledger) -> None:
    tell(ledger, WRONG)
    judge(ledger, WELL)  # and it never arrived

    assert judge(ledger, WRONG) == []
    pass_time(ledger, REST + 1)
    assert tell(ledger, WRONG) == [NotificationReason.REPEATED]


def test_a_clock_that_was_set_back_silences_nobody(ledger: Ledger) -> None:
    tell(ledger, WRONG)
    pass_time(ledger, -30 * 86_400)

    assert tell(ledger, WRONG) == [NotificationReason.REPEATED]
