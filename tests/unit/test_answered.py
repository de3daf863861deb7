"""What the answers to an alert come to: for the live page, its queue, and back-tests."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

from mekong.deploy.backtest.labels import labels_of, name_of
from mekong.schemas.alerts import Alert
from mekong.schemas.answered import Given
from mekong.schemas.notifications import Notification, Reason
from mekong.schemas.subscriptions import Answer, AnswerKind
from mekong.schemas.wire import encode
from mekong.sinks.console.triage.values import history, last_of, queue, standing_of
from mekong.sinks.console.values import Open
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices.notify import fold_answers

AT = datetime(2026, 5, 3, 8, tzinfo=UTC)
ALERT = Alert.model_validate(json.loads((Path(__file__).parents[1] / "examples" / "alerts" / "good" / "spike-open.json").read_text()))
ONE, TWO = UUID(int=1), UUID(int=2)
SERIES = "VN-CUSTOMS/drug"


def answer(number: int, kind: AnswerKind, who: str = "hn", **more) -> Answer:
    given = {"subscription": who, "kind": kind, "at": AT + timedelta(minutes=number), "answer_id": UUID(int=900 + number), "alert_id": ONE}
    return Answer(**given | more)


def verdict(number: int, said: str, who: str = "hn", **more) -> Answer:
    return answer(number, AnswerKind.VERDICT, who, verdict=said, **more)


def given(*answers: Answer) -> dict[int, Given]:
    return {offset: Given(one, (one.alert_id,)) for offset, one in enumerate(answers)}


def stands(answers):
    return standing_of(answers, {ONE}, SERIES)


def test_the_newest_verdict_counts_and_another_ones_is_not_lost():
    found = stands(given(answer(0, AnswerKind.ACKNOWLEDGE), verdict(1, "real"), verdict(2, "false", "la")))
    assert (found.takers, found.verdicts, found.verdict) == (("hn",), {"hn": "real", "la": "false"}, "false")
    assert found.is_disputed
    agreed = stands(given(verdict(1, "false"), verdict(2, "false", "la")))
    assert not agreed.is_disputed


def test_an_answer_that_its_own_person_undid_counts_no_longer_and_nobody_undoes_that_of_another():
    said = verdict(1, "real")
    undo = answer(2, AnswerKind.UNDO, undoes=said.answer_id)
    every = given(verdict(0, "explained", "la"), said, undo)
    assert stands(every).verdicts == {"la": "explained"}
    assert [(line.answer.kind, line.is_undone) for line in history(every, {ONE}, SERIES)] == [
        (AnswerKind.UNDO, False),
        (AnswerKind.VERDICT, True),
        (AnswerKind.VERDICT, False),
    ]
    assert last_of(every, {ONE}, SERIES, "hn") is None
    others = given(said, answer(2, AnswerKind.UNDO, "la", undoes=said.answer_id))
    assert stands(others).verdict == "real"
    assert last_of(others, {ONE}, SERIES, "hn") == said


def test_a_form_that_was_recorded_twice_is_one_answer():
    assert len(history(given(verdict(1, "real"), verdict(1, "real")), {ONE}, SERIES)) == 1


def test_a_verdict_on_a_digest_gives_way_to_one_on_the_alert_alone():
    digest = Given(verdict(5, "false", "duty", alert_id=None, answer_id=None), (ONE, TWO))
    assert stands({0: digest}).verdict == "false"
    assert stands({0: Given(verdict(1, "real"), (ONE,)), 1: digest}).verdict == "real"
    of_one_series = Given(digest.answer.model_copy(update={"series": "LA-CUSTOMS"}), (ONE, TWO))
    assert stands({0: of_one_series}).verdict is None


def alert(alert_id: UUID, series: str) -> Open:
    return Open(str(alert_id), "SPIKE", "SEVERE", "open", "", "", date(2026, 5, 3), AT, {"en": ""}, series, (str(alert_id),))


def test_a_mute_hides_its_series_for_everybody_until_its_end_and_a_snooze_its_alert():
    alerts = [alert(ONE, SERIES), alert(TWO, SERIES), alert(UUID(int=3), "LA-CUSTOMS")]
    mute = answer(0, AnswerKind.MUTE, series=SERIES, until=AT + timedelta(days=1), text="x")
    for said, hidden in ((mute, [0, 1]), (answer(0, AnswerKind.SNOOZE, until=AT + timedelta(hours=4)), [0])):
        rows = queue(alerts, 3, given(said), AT).rows
        assert [place for place, one in enumerate(rows) if not one.is_to_do] == hidden
        assert len(queue(alerts, 3, given(said), AT + timedelta(days=2)).to_do) == 3
        undo = answer(1, AnswerKind.UNDO, undoes=said.answer_id)
        assert len(queue(alerts, 3, given(said, undo), AT).to_do) == 3
    by_mail = {0: Given(mute.model_copy(update={"alert_id": None, "subscription": "duty"}), (ONE,))}
    assert len(queue(alerts, 3, by_mail, AT).to_do) == 3, "a mute of a subscription is its own"


def test_the_next_alert_is_one_to_do_and_the_queue_goes_round():
    ids = [UUID(int=number) for number in range(1, 5)]
    found = queue([alert(one, SERIES) for one in ids], 4, given(verdict(0, "real", alert_id=TWO)), AT)
    assert found.beside(str(ids[0]), 1) == str(ids[2])
    assert found.beside(str(ids[2]), -1) == str(ids[0])
    assert found.beside(str(ids[3]), 1) == str(ids[0])
    assert found.beside(str(UUID(int=99)), 1) == str(ids[0])
    assert queue([alert(ONE, SERIES)], 1, {}, AT).beside(str(ONE), 1) is None


def test_a_back_test_counts_a_judgement_of_the_live_page_and_not_one_that_was_undone():
    said = verdict(1, "real", alert_id=ALERT.alert_id)
    undo = answer(2, AnswerKind.UNDO, undoes=said.answer_id, alert_id=ALERT.alert_id)
    assert labels_of([], [said], [ALERT]) == {name_of(ALERT): "real"}
    assert labels_of([], [said, undo], [ALERT]) == {}


def test_a_back_test_counts_a_verdict_on_one_series_of_a_digest_for_that_series_alone():
    other = ALERT.model_copy(update={"series": "LA-CUSTOMS", "alert_id": TWO})
    items = tuple(one.model_dump(mode="json") for one in (ALERT, other))
    digest = Notification(
        notification_id=ONE,
        subscription="duty",
        member="VN-CUSTOMS",
        reason=Reason.DIGEST,
        raised_at=AT,
        language="en",
        subject="",
        text="",
        items=items,
    )
    said = verdict(1, "false", alert_id=None, notification_id=ONE, series="LA-CUSTOMS")
    assert labels_of([digest], [said]) == {name_of(other): "false"}


def test_a_mute_of_the_live_page_is_of_no_subscription_even_when_a_person_has_the_name_of_one():
    changes: dict[bytes, bytes | None] = {}
    mute = answer(0, AnswerKind.MUTE, "duty-vn", series=SERIES, until=AT + timedelta(days=1), text="x")
    record = SimpleNamespace(value=encode(mute), offset=0, key=b"duty-vn")
    assert list(fold_answers(Draft({}, changes), [record])) == []
    assert changes == {}
    mail = SimpleNamespace(value=encode(mute.model_copy(update={"alert_id": None})), offset=0, key=b"duty-vn")
    assert list(fold_answers(Draft({}, changes), [mail])) == []
    assert changes != {}
