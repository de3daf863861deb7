"""What each subscription gets and when: budget, digest, quiet hours, mutes, pauses, messages, reminders, signs of life."""

from datetime import UTC, datetime, timedelta

import pytest

from mekong.schemas.alerts import Kind, State, Tier, alert_id
from mekong.schemas.errors import Refused
from mekong.schemas.languages import LANGUAGES
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices.notify import fold_answers, fold_shared, fold_subscriptions
from mekong.streams.core.notices.texts import KINDS, SAID, STATES, TIERS
from tests.fakes import written

VN, LA, TH = "VN-CUSTOMS", "LA-CUSTOMS", "TH-CUSTOMS"
MIDNIGHT = datetime(2026, 5, 3, 17, tzinfo=UTC)  # of Monday, 4 May, at +07:00


def at(hours):
    """So many hours after midnight of the member's Monday."""
    return (MIDNIGHT + timedelta(hours=hours)).isoformat()


def wish(**changed):
    return {"id": "duty", "member": VN, "channel": {"channel": "stream"}, "changed_at": at(0), **changed}


def hour(hours, member=VN):
    return {"format": 1, "kind": "hour", "at": at(hours), "member": member, "utc_offset": "+07:00"}


def alert(hours, name="1", tier="SPIKE", bits=10.0, state="open", agency=LA, group="drug", kind="SPIKE", region="South-eastern Asia"):
    series = "/".join(part for part in (agency or "network", group) if part)
    found = {
        "format": 1,
        "alert_id": str(alert_id(Kind(kind), series, name, State(state))),
        "kind": kind,
        "state": state,
        "tier": tier,
        "series": series,
        "agency": agency,
        "commodity_group": group,
        "sentences": {language: f"{name} in {language}" for language in LANGUAGES},
        "explain": {"bits": bits},
    }
    shared = {"format": 1, "kind": "alert", "at": at(hours), "member": VN, "utc_offset": "+07:00"}
    return {**shared, "region": region if agency else None, "alert": found}


def message(hours, family="warning", agency=LA, event="w1", number=1, status="current", member=VN, **content):
    entry = {
        "event_id": event,
        "agency": agency,
        "case_no": f"no {event}",
        "family": family,
        "version": number,
        "status": status,
        "received_at": at(hours),
        "content": content,
    }
    return {"format": 1, "kind": family, "at": at(hours), "member": member, "utc_offset": "+07:00", "message": entry}


class Desk:
    """A notify lane; each call is one committed run."""

    def __init__(self, *wishes):
        self.state, self.told = {}, []
        self.wish(*(wishes or (wish(),)))

    def wish(self, *wishes):
        self._commit(lambda draft: fold_subscriptions(draft, [written(one, key=one["id"].encode()) for one in wishes]))

    def answer(self, *answers, offset=0):
        return self._commit(
            lambda draft: fold_answers(draft, [written({"subscription": "duty", "at": at(0), **one}, offset) for one in answers])
        )

    def hear(self, *shared, member=VN):
        return self._commit(lambda draft: fold_shared(draft, member, [written(one) for one in shared]))

    def _commit(self, fold):
        changes = {}
        found = list(fold(Draft(self.state, changes)))
        for key, value in changes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        self.told += found
        return found


def reasons(found):
    return [one.reason.value for one in found]


def names(found):
    """The opening of each alert in what went out, in order."""
    return [item["sentences"]["en"].split()[0] for one in found for item in one.items]


def test_an_alert_goes_out_at_once_in_the_language_of_the_subscription():
    desk = Desk(wish(language="vi"))
    (told,) = desk.hear(hour(9), alert(9.5, tier="SEVERE"))
    assert (told.reason, told.language, told.text) == ("alert", "vi", "1 in vi")
    assert told.subject == "Rất bất thường: số vụ nhiều hơn bình thường (Hải quan Lào, Ma túy)"
    assert told.raised_at == datetime.fromisoformat(at(9.5))
    assert told.items[0]["tier"] == "SEVERE"


def test_what_the_budget_has_no_place_for_comes_in_the_digest_the_strongest_first():
    desk = Desk(wish(budget_per_week=2))
    found = desk.hear(hour(9), *[alert(9.1, str(number), bits=float(number)) for number in range(5)])
    assert (reasons(found), names(found)) == (["alert"], ["0"])
    found = desk.hear(hour(24 + 7), hour(24 + 8))
    assert (reasons(found), names(found)) == (["digest"], ["4", "3", "2", "1"])
    assert found[0].text.splitlines()[1:] == [f"- Unusual: {number} in en" for number in (4, 3, 2, 1)]


def test_the_last_place_of_a_week_is_kept_for_a_severe_alert():
    desk = Desk(wish(budget_per_week=2))
    found = desk.hear(
        hour(9), alert(9.1, "first"), alert(9.2, "second"), alert(9.3, "severe", tier="SEVERE"), alert(9.4, "more", tier="SEVERE")
    )
    assert names(found) == ["first", "severe"]


def test_a_place_is_free_again_after_seven_days():
    desk = Desk(wish(budget_per_week=1))
    found = desk.hear(hour(9), alert(9, "a"), hour(9 + 167), alert(9 + 167.9, "b"), hour(9 + 168), alert(9 + 168, "c"))
    assert names([one for one in found if one.reason == "alert"]) == ["a", "c"]


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        pytest.param(0, [], id="none: all in the digest"),
        pytest.param(1, ["spike"], id="one: for whichever comes first but a notice"),
        pytest.param(4, ["notice", "spike", "severe"], id="four: a notice may take the first"),
    ],
)
def test_a_budget_gives_its_places_by_strength(budget, told):
    desk = Desk(wish(budget_per_week=budget))
    found = desk.hear(
        hour(9),
        alert(9, "notice", tier="NOTICE"),
        alert(9, "spike"),
        alert(9, "severe", tier="SEVERE"),
        alert(9, "over", tier="SEVERE", state="cleared"),
    )
    assert names(found) == told


@pytest.mark.parametrize(
    ("chosen", "passes"),
    [
        pytest.param({"agencies": [LA]}, True, id="its agency"),
        pytest.param({"agencies": [TH]}, False, id="another agency"),
        pytest.param({"commodity_groups": ["timber"]}, False, id="another group"),
        pytest.param({"kinds": ["MAJOR"]}, False, id="another kind"),
        pytest.param({"tiers": ["SEVERE", "SPIKE"]}, True, id="one of the tiers"),
        pytest.param({"regions": ["South-eastern Asia"], "agencies": [LA]}, True, id="two parts that both let it through"),
        pytest.param({"regions": ["Africa"], "agencies": [LA]}, False, id="one of two parts does not"),
    ],
)
def test_a_filter_lets_through_what_all_its_parts_do(chosen, passes):
    assert bool(Desk(wish(filter=chosen)).hear(hour(9), alert(9))) is passes


def test_an_alert_over_all_members_is_of_no_agency_and_no_region():
    assert Desk(wish(filter={"regions": ["South-eastern Asia"]})).hear(hour(9), alert(9, agency=None)) == []
    (told,) = Desk().hear(hour(9), alert(9, agency=None))
    assert told.subject == "Unusual: more cases than usual (all members, Drugs)"


def test_before_the_members_clock_has_ticked_alerts_wait_for_the_digest():
    desk = Desk()
    assert desk.hear(alert(1)) == []
    assert names(desk.hear(hour(2), hour(8))) == ["1"]


def test_quiet_hours_hold_back_all_but_severe_alerts_until_their_end():
    #   21:00     22:00 .......... 06:00
    #    b         weak severe      weak, mild in order of strength, as far as the budget goes
    desk = Desk(wish(quiet={"start": "22:00", "end": "06:00"}, budget_per_week=3))
    found = desk.hear(hour(21), hour(22), alert(22.1, "mild"), alert(22.2, "weak", bits=11.0), alert(23, "severe", tier="SEVERE"))
    assert names(found) == ["severe"]
    assert desk.hear(hour(24 + 5)) == []
    assert names(desk.hear(hour(24 + 6))) == ["weak"]
    assert (names(desk.hear(hour(24 + 8)))) == ["mild"]


def test_a_digest_hour_within_quiet_hours_waits_for_their_end():
    desk = Desk(wish(quiet={"start": "07:00", "end": "10:00"}, budget_per_week=0))
    assert desk.hear(hour(1), alert(2), hour(8), hour(9)) == []
    assert reasons(desk.hear(hour(10))) == ["digest"]


def test_a_digest_hour_in_a_night_of_quiet_hours_is_still_due_in_the_morning():
    desk = Desk(wish(quiet={"start": "22:00", "end": "06:00"}, budget_per_week=0, digest_hour=23))
    desk.hear(hour(12), alert(12))
    assert desk.hear(hour(21), hour(23), hour(24 + 5)) == []
    assert reasons(desk.hear(hour(24 + 6), hour(24 + 21))) == ["digest"]


def test_a_muted_series_is_silent_until_the_mute_ends_and_the_next_digest_says_how_much_it_held_back():
    desk = Desk()
    desk.answer({"kind": "mute", "series": f"{LA}/drug", "until": at(10)})
    assert desk.hear(hour(9), alert(9, "muted")) == []
    assert names(desk.hear(hour(10), alert(10, "heard"), alert(10, "later"))) == ["heard"]
    (digest,) = desk.hear(hour(24 + 8))
    assert names([digest]) == ["later"]
    assert digest.text.splitlines()[-1].startswith("1 more alerts are not shown")


@pytest.mark.parametrize(
    "answer", [{"kind": "mute", "series": f"{LA}/drug"}, {"kind": "mute", "until": at(10)}, {"kind": "note", "text": "x"}]
)
def test_a_mute_without_series_or_end_mutes_nothing(answer):
    desk = Desk()
    assert desk.answer(answer) == []
    assert reasons(desk.hear(hour(9), alert(9))) == ["alert"]


def test_a_paused_subscription_gets_nothing_and_then_hears_how_much_it_missed():
    desk = Desk()
    desk.hear(hour(1), alert(1, "a"), alert(1, "waits"))
    desk.wish(wish(state="paused"))
    assert desk.hear(alert(2, "missed"), hour(9), hour(24 + 9)) == []
    desk.wish(wish())
    (digest,) = desk.hear(hour(48 + 8))
    assert names([digest]) == ["waits"]
    assert digest.text.splitlines()[-1].startswith("1 more alerts are not shown")


@pytest.mark.parametrize(
    "gone", [written(None, key=b"duty"), written(wish(state="removed"), key=b"duty"), written(wish(member=TH), key=b"duty")]
)
def test_what_waits_for_a_subscription_goes_with_it(gone):
    desk = Desk(wish(budget_per_week=0))
    desk.hear(hour(1), alert(1))
    desk._commit(lambda draft: fold_subscriptions(draft, [gone]))
    desk.wish(wish(budget_per_week=0))
    assert not [key for key in desk.state if key.startswith(b"item/")]
    assert "digest" not in reasons(desk.hear(hour(8), hour(24 + 8)))


def test_a_silent_day_gives_one_sign_of_life_and_a_day_with_a_message_none():
    desk = Desk()
    found = desk.hear(*[hour(number) for number in range(1, 24 * 3)])
    assert [(one.reason, one.raised_at.isoformat()) for one in found] == [("alive", at(number)) for number in (8, 32, 56)]
    assert "Nothing to report on 4 May 2026" in found[0].subject
    assert reasons(desk.hear(hour(74), alert(74), hour(80))) == ["alert"]


def test_a_digest_of_very_many_alerts_is_several():
    desk = Desk(wish(budget_per_week=0))
    desk.hear(hour(1), *[alert(1, str(number)) for number in range(250)])
    found = desk.hear(hour(8))
    assert [len(one.items) for one in found] == [100, 100, 50]
    assert len({one.notification_id for one in found}) == 3


def test_a_test_goes_out_whatever_the_state_and_once_for_each_request():
    desk = Desk(wish(state="paused", language="zh"))
    (told,) = desk.answer({"kind": "test"}, offset=7)
    assert (told.reason, told.subject, told.raised_at.isoformat()) == ("test", "通道测试", at(0))
    assert desk.answer({"kind": "test"}, offset=8)[0].notification_id != told.notification_id
    assert desk.answer({"kind": "test", "subscription": "nobody"}) == []


def test_what_is_asked_before_the_subscription_was_read_waits_for_it():
    desk = Desk(wish(id="other"))
    asked = [{"kind": "test"}] * 30 + [{"kind": "mute", "series": f"{LA}/drug", "until": at(10)}]
    assert desk.answer(*asked) == []
    desk.wish(wish())
    assert reasons(desk.told) == ["test"] * 19
    assert [one.subscription for one in desk.hear(hour(9), alert(9))] == ["other"]


def test_a_warning_goes_out_at_once_outside_budget_and_quiet_hours():
    desk = Desk(wish(budget_per_week=0, quiet={"start": "00:00", "end": "23:59"}))
    (told,) = desk.hear(
        hour(1),
        message(
            1.5,
            to=[VN],
            feedback_by=at(10),
            commodity_groups=["drug"],
            substances_or_taxa=["ketamine"],
            route=[{"country": "KH"}, {"country": "TH"}],
            method_note="In tea.",
        ),
    )
    assert (told.reason, told.subject) == ("warning", "Warning of Lao Customs Department (no w1)")
    assert told.text.splitlines() == [
        "Goods: Drugs, ketamine",
        "Route: Cambodia → Thailand",
        "Note: In tea.",
        "Feedback is asked for by 4 May 2026, 10:00 (UTC+07:00).",
    ]


def test_a_corrected_warning_and_one_taken_back_are_told_again_and_the_sender_hears_nothing_of_its_own():
    desk = Desk()
    found = desk.hear(
        hour(1),
        message(1, to=[VN]),
        message(2, number=2, to=[TH]),
        message(3, number=3, status="withdrawn"),
        message(3, agency=VN, event="own", to=[LA]),
    )
    assert [one.subject for one in found] == [
        "Warning of Lao Customs Department (no w1)",
        "Warning of Lao Customs Department corrected (no w1)",
        "Warning of Lao Customs Department taken back (no w1)",
    ]
    assert found[1].text == "It no longer names your agency."


def test_feedback_is_told_to_the_sender_of_the_warning_with_how_long_it_took():
    desk = Desk()
    found = desk.hear(
        hour(1),
        message(1, agency=VN, to=[LA]),
        message(4.5, "feedback", event="f1", in_reply_to="w1", outcome="found"),
        message(5, "feedback", event="f1", number=2, status="withdrawn"),
    )
    assert found[0].text.splitlines() == ["Outcome: Found as warned", "It came 3 h 30 min after the warning."]
    assert found[0].items[0]["answered_after_s"] == 12_600
    assert found[1].subject == "Feedback of Lao Customs Department taken back (no f1)"


def test_both_sides_are_reminded_once_when_feedback_does_not_come_in_time():
    desk = Desk(wish(), wish(id="other", member=LA))
    sent = {"agency": VN, "to": [LA, TH], "feedback_by": at(10)}
    desk.hear(hour(1), message(1, **sent))
    desk.hear(hour(1, LA), message(1, member=LA, **sent), member=LA)
    desk.hear(message(5, "feedback", TH, "f1", in_reply_to="w1", outcome="found"))
    (own,) = [one for one in desk.hear(hour(9), hour(10), hour(11)) if one.reason == "reminder"]
    (others,) = [one for one in desk.hear(hour(9, LA), hour(10, LA), hour(11, LA), member=LA) if one.reason == "reminder"]
    assert own.text == "You asked for feedback by 4 May 2026, 10:00 (UTC+07:00). None has come from: Lao Customs Department."
    assert others.text == "Viet Nam Customs asked for feedback by 4 May 2026, 10:00 (UTC+07:00). None of yours has come."


@pytest.mark.parametrize(
    "then",
    [
        pytest.param([message(5, "feedback", VN, "f1", in_reply_to="w1", outcome="found")], id="answered"),
        pytest.param([message(5, number=2, status="withdrawn")], id="taken back"),
        pytest.param([message(5, number=2, to=[TH], feedback_by=at(10))], id="no longer named"),
        pytest.param([message(5, number=2, to=[VN])], id="no longer asked for"),
    ],
)
def test_nobody_is_reminded_of_what_is_not_missing(then):
    desk = Desk()
    assert "reminder" not in reasons(desk.hear(hour(1), message(1, to=[VN], feedback_by=at(10)), *then, hour(11), hour(30)))


def test_a_date_put_off_is_reminded_of_anew():
    desk = Desk()
    found = desk.hear(hour(1), message(1, to=[VN], feedback_by=at(3)), hour(3), message(3, number=2, to=[VN], feedback_by=at(5)), hour(5))
    assert [one.raised_at.isoformat() for one in found if one.reason == "reminder"] == [at(3), at(5)]


def test_an_answer_that_was_read_before_the_version_that_asks_for_it_is_not_missing():
    desk = Desk()
    answer = message(2, "feedback", VN, "f1", in_reply_to="w1", outcome="found")
    assert "reminder" not in reasons(desk.hear(hour(1), answer, message(3, number=2, to=[VN], feedback_by=at(10)), hour(11)))


def test_nobody_is_reminded_twice_of_a_date_that_is_set_again():
    desk = Desk()
    dates = [message(1 + number, number=number, to=[VN], feedback_by=at(by)) for number, by in ((1, 3), (2, 4), (3, 3))]
    found = desk.hear(hour(1), dates[0], hour(3), dates[1], hour(4), dates[2], hour(11))
    assert [one.raised_at.isoformat() for one in found if one.reason == "reminder"] == [at(3), at(4)]


def test_a_reminder_within_quiet_hours_waits_for_their_end_and_a_pause_keeps_it_away():
    desk = Desk(wish(quiet={"start": "02:00", "end": "06:00"}), wish(id="paused", state="paused"))
    desk.hear(hour(1), message(1, to=[VN], feedback_by=at(3)))
    assert desk.hear(hour(3)) == []
    (told,) = desk.hear(hour(6))
    assert (told.subscription, told.reason, told.raised_at.isoformat()) == ("duty", "reminder", at(6))


def test_an_alert_of_a_replay_does_not_throw_the_members_time_ahead():
    desk = Desk(wish(budget_per_week=1))
    desk.hear(hour(9), alert(24 * 365 * 5, "a"))
    assert reasons(desk.hear(hour(24 + 8), hour(48 + 8))) == ["alive"]
    assert names(desk.hear(hour(24 * 9), alert(24 * 365 * 5, "b")))[-1] == "b"


def test_garbage_among_subscriptions_and_answers_is_passed_over():
    desk = Desk()
    bad = [written({"id": "?"}), written({"kind": "mute"}), written([1])]
    desk._commit(lambda draft: fold_subscriptions(draft, bad))
    assert desk._commit(lambda draft: fold_answers(draft, [*bad, written(None)])) == []
    assert reasons(desk.hear(hour(9), alert(9))) == ["alert"]


def test_records_of_a_newer_format_are_refused():
    for take in (
        lambda desk: desk.hear({**hour(1), "format": 2}),
        lambda desk: desk.wish(wish(format=2)),
        lambda desk: desk.answer({"format": 2, "kind": "test"}),
    ):
        with pytest.raises(Refused, match="format 2"):
            take(Desk())


def test_every_kind_tier_state_and_sentence_is_there_in_every_language():
    assert (set(KINDS), set(TIERS), set(STATES)) == (set(Kind), set(Tier), set(State))
    for words in (*KINDS.values(), *TIERS.values(), *STATES.values(), *SAID.values()):
        assert set(words) == set(LANGUAGES)
    for sentence in SAID.values():
        facts = [{part.split("}")[0] for part in text.split("{")[1:]} for text in sentence.values()]
        assert facts[0] == facts[1] == facts[2]
