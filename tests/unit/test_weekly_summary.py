"""The summary of a week: who gets it, when, how often, and what stands in it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from mekong.schemas.feed import feed_health
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.notifications import WeeklySection
from mekong.streams.core.notices.weekly import SECTIONS
from mekong.streams.core.notices.weekly.section import Week
from mekong.streams.core.notices.weekly.summary import summary
from tests.unit.test_feed import receipt, rejected
from tests.unit.test_notify import MIDNIGHT, VN, Desk, alert, at, hour, reasons, wish

MAIL = {"channel": "mail", "to": "duty@example.org"}
WEBHOOK = {"channel": "webhook", "url": "https://hooks.example.org/", "secret_name": "VN_CUSTOMS"}
SUNDAY = -24
"""Hours from midnight of the member's Monday to that of the day before."""
HEALTH = {
    "at": at(0),
    "recent": {"messages": 340, "rejected": 12},
    "before": {"messages": 1_200, "rejected": 11},
    "rejections_rise": True,
    "last_at": at(-1),
    "silent_days": 1,
    "usual_days": 1,
    "is_silent": False,
    "failing": [{"field": "lines.unit", "detail": "'Kilo': is not on the code list; did you mean kg?", "times": 9, "last_at": at(-1)}],
    "delay": {"cases": 300, "half": 1, "most": 6},
}
WELL = HEALTH | {"recent": {"messages": 340, "rejected": 0}, "rejections_rise": False, "failing": []}


def monday(hours=0, feed=HEALTH, offset="+07:00"):
    return {**hour(hours), "feed": feed, "utc_offset": offset}


def known(*wishes):
    """A desk whose subscriptions have had a day before the week ended."""
    desk = Desk(*(wishes or (wish(channel=MAIL),)))
    desk.hear(hour(SUNDAY), hour(SUNDAY + 11))
    desk.told.clear()
    return desk


def weekly(desk):
    return [one for one in desk.told if one.reason == "weekly"]


def test_it_goes_out_on_monday_at_the_digest_hour_of_the_members_own_clock_and_once():
    desk = known()
    assert desk.hear(monday(), *(hour(number) for number in range(1, 8))) == []
    (told,) = desk.hear(hour(8))
    assert (told.reason, told.subscription, told.raised_at.isoformat()) == ("weekly", "duty", (MIDNIGHT + timedelta(hours=8)).isoformat())
    assert told.subject == "Week to 3 May 2026: points to look at: 2"
    assert told.text.splitlines() == [
        "What your agency sent",
        "- Rejected: 12 of 340 messages in the last 7 days (3.5%); in the 28 days before, 0.9%.",
        "- (!) The rejected part rises. `mekong receipts --rejected` shows the reasons.",
        "- Days since the last message: 1. Usual pause: 1.",
        "- (!) Rejected 9 times in 35 days: lines.unit: 'Kilo': is not on the code list; did you mean kg?",
        "- Days from the seizure to the report: half of 300 cases within 1, nine of ten within 6.",
    ]
    desk.hear(*(hour(number) for number in range(9, 160)))
    assert len(weekly(desk)) == 1


def test_a_week_in_which_all_is_well_has_a_mail_that_says_so_in_its_subject():
    desk = known()
    desk.hear(monday(feed=WELL), hour(8))
    (told,) = weekly(desk)
    assert told.subject == "Week to 3 May 2026: all is well"


def test_it_takes_the_place_of_the_sign_of_life_of_its_day():
    desk = known()
    assert reasons(desk.hear(monday(), *(hour(number) for number in range(1, 40)))) == ["weekly", "alive"]


def test_a_digest_of_the_same_day_comes_before_it_and_is_in_its_account():
    desk = known(wish(channel=MAIL, budget_per_week=1))
    desk.hear(alert(-5, "1", "SEVERE"), alert(-4, "2"), alert(-3, "3"))
    digest, told = desk.hear(monday(), hour(8))
    assert (digest.reason, told.reason) == ("digest", "weekly")
    assert told.text.splitlines()[-1] == "- Alerts sent at once: 1. In daily digests: 2. Not shown, because of a mute or a pause: 0."
    assert [one["section"] for one in told.items] == ["feed", "account"]


@pytest.mark.parametrize(
    ("changed", "gets_it"),
    [
        ({"channel": MAIL}, True),
        ({"channel": MAIL, "weekly": False}, False),
        ({"channel": WEBHOOK}, False),
        ({"channel": WEBHOOK, "weekly": True}, True),
        ({"channel": {"channel": "stream"}}, False),
        ({"channel": MAIL, "filter": {"tiers": ["SEVERE"]}}, True),
    ],
)
def test_a_mail_gets_it_unless_it_says_no_and_others_when_they_ask_for_it(changed, gets_it):
    desk = known(wish(**changed))
    desk.hear(monday(), hour(8))
    assert len(weekly(desk)) == gets_it


def test_figures_are_in_the_items_for_a_webhook():
    desk = known(wish(channel=WEBHOOK, weekly=True))
    desk.hear(monday(), hour(8))
    (section,) = (WeeklySection.model_validate(one) for one in weekly(desk)[0].items)
    assert (section.section, section.figures["recent"]) == ("feed", HEALTH["recent"])
    assert [line.needs_a_look for line in section.lines] == [False, True, False, True, False]


def test_a_week_of_which_there_is_nothing_to_tell_has_no_mail():
    desk = known()
    assert reasons(desk.hear(*(hour(number) for number in range(9)))) == ["alive"]
    desk = known()
    assert reasons(desk.hear(monday(feed={**WELL, "last_at": None}), hour(8))) == ["alive"]


def test_the_figures_of_a_week_are_not_told_a_week_later():
    desk = known()
    desk.wish(wish(channel=MAIL, state="paused"))
    desk.hear(monday(), hour(8))
    desk.wish(wish(channel=MAIL))
    assert weekly(desk) == []
    assert reasons(desk.hear(hour(7 * 24 + 8))) == ["alive"]


def test_a_subscription_that_was_paused_on_monday_gets_it_when_the_pause_ends():
    desk = known()
    desk.wish(wish(channel=MAIL, state="paused"))
    desk.hear(monday(), hour(8))
    desk.wish(wish(channel=MAIL))
    desk.hear(hour(30))
    assert [one.subject for one in weekly(desk)] == ["Week to 3 May 2026: points to look at: 2"]


def test_it_waits_for_the_end_of_quiet_hours():
    desk = known(wish(channel=MAIL, quiet={"start": "07:00", "end": "10:00"}))
    assert desk.hear(monday(), hour(8), hour(9)) == []
    assert reasons(desk.hear(hour(10))) == ["weekly"]


def test_an_alert_may_be_what_comes_first_after_the_digest_hour():
    desk = known()
    desk.hear(monday(), hour(7.5))
    assert reasons(desk.hear(alert(8.25, tier="SEVERE"))) == ["weekly", "alert"]


def test_a_new_subscription_begins_with_the_next_week():
    desk = Desk(wish(id="other", member="LA-CUSTOMS"))
    desk.hear(hour(SUNDAY), monday())
    desk.wish(wish(channel=MAIL))
    desk.hear(*(hour(number) for number in range(9, 160)))
    assert weekly(desk) == []
    desk.hear(monday(168), hour(176))
    assert [one.subject for one in weekly(desk)] == ["Week to 10 May 2026: points to look at: 2"]


def test_an_account_begins_again_with_each_summary():
    desk = known(wish(channel=MAIL, budget_per_week=100))
    desk.hear(alert(-5, "1"), alert(-4, "2"), hour(8), alert(9, "3"), hour(168), hour(176))
    assert [one.text.splitlines()[-1].split(".")[0] for one in weekly(desk)] == ["- Alerts sent at once: 2", "- Alerts sent at once: 1"]


def test_what_a_mute_held_back_is_in_the_account():
    desk = known()
    desk.answer({"kind": "mute", "series": "LA-CUSTOMS/drug", "until": at(100)})
    desk.hear(alert(-5), monday(), hour(8))
    assert weekly(desk)[0].text.endswith("Not shown, because of a mute or a pause: 1.")


def test_what_the_account_says_is_not_shown_is_not_said_again_on_the_day_after():
    desk = known()
    desk.answer({"kind": "mute", "series": "LA-CUSTOMS/drug", "until": at(100)})
    (alive,) = desk.hear(alert(-5), monday(), hour(8), alert(9), hour(32))[1:]
    assert (alive.reason, len(weekly(desk))) == ("alive", 1)
    assert "1 more alerts are not shown" in alive.text  # the one after the summary


def test_what_was_held_back_before_the_account_began_is_still_said():
    desk = Desk(wish(channel=MAIL))
    desk.answer({"kind": "mute", "series": "LA-CUSTOMS/drug", "until": at(100)})
    desk.hear(alert(SUNDAY), hour(SUNDAY + 11))
    (alive,) = desk.hear(monday(), hour(8), hour(32))[1:]
    assert "1 more alerts are not shown" in alive.text


@pytest.mark.parametrize(("offset", "first"), [("+05:45", 8 * 60), ("-09:30", 8 * 60 + 30), ("+12:45", 8 * 60)])
def test_monday_is_the_members_own_in_any_offset(offset, first):
    """Hours are told by UTC's minutes in this test, as a clock does that ticks each full hour of UTC."""
    ahead = timedelta(hours=int(offset[1:3]), minutes=int(offset[4:]))
    zero = MIDNIGHT + timedelta(hours=7) - (ahead if offset[0] == "+" else -ahead)  # midnight of its Monday

    def told_at(minutes, feed=None):
        shared = {**hour(0), "at": (zero + timedelta(minutes=minutes)).isoformat(), "utc_offset": offset}
        return shared | ({"feed": feed} if feed else {})

    desk = Desk(wish(channel=MAIL))
    desk.hear(told_at(-24 * 60), told_at(-15 * 60), told_at(0, HEALTH))
    desk.told.clear()
    assert desk.hear(told_at(7 * 60 + 59)) == []
    (told,) = desk.hear(told_at(first))
    assert (told.reason, told.subject) == ("weekly", "Week to 3 May 2026: points to look at: 2")


def test_state_of_before_summaries_is_gone_on_with():
    desk = known()
    key = b"box/duty"
    desk.state[key] = desk.state[key].replace(b',"week":{"ends":"2026-04-27"}', b"")
    assert b"week" not in desk.state[key]
    desk.hear(alert(-5, tier="SEVERE"), monday(), hour(8))
    assert weekly(desk) == []  # the week was not counted from its beginning
    desk.hear(monday(168), hour(176))
    assert len(weekly(desk)) == 1


def test_a_health_that_cannot_be_written_fails_at_the_record_that_brings_it():
    desk = known()
    with pytest.raises(ValueError, match="recent"):
        desk.hear(monday(feed={**HEALTH, "recent": "many"}))
    assert reasons(desk.hear(hour(8))) == ["alive"]


def test_alerts_that_are_not_shown_are_said_once_by_a_sign_of_life():
    desk = known()
    desk.answer({"kind": "mute", "series": "LA-CUSTOMS/drug", "until": at(400)})
    first, second = desk.hear(hour(8), alert(10), hour(33), hour(57))[1:]
    assert "1 more alerts are not shown" in first.text
    assert "not shown" not in second.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_says_as_much_in_every_language(language):
    week = Week(date(2026, 5, 4), HEALTH, {"at_once": 2, "in_digests": 3, "held_back": 4})
    said, english = summary(week, language), summary(week, "en")
    assert [one["section"] for one in said.sections] == [one.name for one in SECTIONS]
    for one, other in zip(said.sections, english.sections, strict=True):
        assert one["title"]
        assert [line["needs_a_look"] for line in one["lines"]] == [line["needs_a_look"] for line in other["lines"]]
        assert one["figures"] == other["figures"]
    assert len(said.text.subject) <= 60


def test_the_mail_says_what_the_command_and_the_page_say_of_the_same_receipts():
    from mekong.schemas.feed_words import feed_lines

    health = feed_health([*map(receipt, range(5, 60)), *[rejected(5)] * 9], MIDNIGHT)
    found = summary(Week(date(2026, 5, 4), health.model_dump(mode="json"), {}), "en")
    assert [line["text"] for line in found.sections[0]["lines"]] == [line.text for line in feed_lines(health)]


def test_a_subscription_of_another_member_gets_nothing_of_this_ones_feed():
    desk = known(wish(channel=MAIL), wish(id="other", member="LA-CUSTOMS", channel=MAIL))
    desk.hear(monday(), hour(8))
    assert [(one.subscription, one.member) for one in weekly(desk)] == [("duty", VN)]
