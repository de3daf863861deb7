"""From rejected messages to one mail: the weekly summary with real workers, the real Kafka and a mail server, killed and rebuilt."""

from __future__ import annotations

import signal
from datetime import UTC, datetime

import pytest

from mekong.schemas.topics import ANSWERS, NOTICES, SHARE, SUBSCRIPTIONS
from tests.integration.flow import seizure
from tests.integration.notifying.conftest import Mailbox
from tests.integration.test_lost_state import ends
from tests.integration.test_share_and_notify import Writer, notifications, shared

pytestmark = pytest.mark.timeout(600)
NP = "NP-CUSTOMS"
"""Its clock is 5 hours and 45 minutes ahead: its Monday, 13 May 2019, begins on Sunday at 18:15 UTC."""
WORKERS = ("intake", "share", "notify")
OLD_DATA = {"MEKONG_CLOCK": "off"}


class Member:
    """What the agency sends, and what the clock says between."""

    def __init__(self, deployment):
        self.deployment, self.writer, self.sent = deployment, Writer(deployment), 0

    def send(self, good, bad=0):
        """Seizures of today; a bad one has a unit that is on no list."""
        today = datetime.now(UTC).date().isoformat()
        values = []
        for number in range(good + bad):
            value = seizure(NP, self.sent + number) | {"seized_at": today}
            if number >= good:
                value["lines"] = [{**value["lines"][0], "unit": "Kilo"}]
            values.append(value)
        self.deployment.send(NP, values)
        self.sent += good + bad

    def tick(self, *times):
        for at in times:
            self.writer.tick(NP, f"2019-05-{at}:00Z")


@pytest.fixture
def mailbox():
    found = Mailbox()
    yield found
    found.close()


@pytest.fixture
def running(deployment):
    """The workers, which know a member and its subscription by mail."""
    deployment.register(NP)
    wish = {"id": "np-duty", "member": NP, "channel": {"channel": "mail", "to": "duty@example.org"}, "changed_at": "2019-05-01T00:00:00Z"}
    Writer(deployment).write(SUBSCRIPTIONS.name, "np-duty", wish)
    Writer(deployment).write(ANSWERS.name, "np-duty", {"subscription": "np-duty", "kind": "test", "at": "2019-05-01T00:00:00Z"})
    workers = started(deployment)
    deployment.wait_until(lambda: len(notifications(deployment)) == 1, "the test: the subscription is known", 90)
    return workers


def started(deployment):
    return {name: deployment.mekong("worker", name, env=OLD_DATA) for name in WORKERS}


def hours(deployment):
    return [f"{one.at:%dT%H:%M}" for one in shared(deployment, NP) if one.kind == "hour"]


def reasons(deployment):
    return [one.reason.value for one in notifications(deployment)]


def two_weeks(deployment):
    """A week in which counting begins, and one with six rejected messages, up to its last minute."""
    member = Member(deployment)
    member.tick("01T03:00")
    member.send(8)
    member.tick("01T03:01", "06T03:00", "07T03:00")
    member.send(10, 6)
    member.tick("07T03:01", "12T18:14")
    member.send(2)
    deployment.receipts(NP, 26, 120)
    return member


def test_six_rejected_messages_become_one_mail_with_their_figures_whoever_is_killed(deployment, running, mailbox):
    mails = {"MEKONG_SMTP_URL": mailbox.url, "MEKONG_MAIL_FROM": "exchange@example.org", **OLD_DATA}
    notifier = deployment.mekong("notify", env=mails)
    member = two_weeks(deployment)
    for worker in running.values():
        worker.send(signal.SIGKILL)
    started(deployment)
    member.tick("12T18:15", "13T02:14")
    deployment.wait_until(lambda: hours(deployment)[-1:] == ["13T02:14"], "the last hour before the mail is due", 120)
    assert "weekly" not in reasons(deployment)
    notifier.send(signal.SIGKILL)
    member.tick("13T02:15")
    deployment.wait_until(lambda: "weekly" in reasons(deployment), "the summary is decided", 120)
    notifier = deployment.mekong("notify", env=mails)
    deployment.wait_until(lambda: weekly(mailbox), "the mail", 120)
    notifier.send(signal.SIGKILL)
    deployment.mekong("notify", env=mails)
    member.tick("13T03:15", "14T02:15")
    deployment.wait_until(
        lambda: any("on 14 May 2019" in mail["Subject"] for mail in mailbox.mails), "a sign of life of the day after", 120
    )
    assert len({mail["Message-ID"] for mail in weekly(mailbox)}) == 1
    assert reasons(deployment).count("weekly") == 1
    mail = weekly(mailbox)[0]
    assert mail["Subject"] == "Week to 12 May 2019: points to look at: 2"
    assert mail.get_body(("plain",)).get_content().splitlines()[:6] == [
        "What your agency sent",
        "- Rejected: 6 of 18 messages in the last 7 days (33.3%); in the 28 days before, 0.0%.",
        "- (!) The rejected part rises. `mekong receipts --rejected` shows the reasons.",
        "- Days since the last message: 1. Usual pause: not known yet.",
        "- (!) Rejected 6 times in 35 days: lines.unit: 'Kilo': is not on the code list; did you mean kg?",
        "- Days from the seizure to the report: half of 20 cases within 0, nine of ten within 0.",
    ]
    assert "did you mean kg?</p>" in mail.get_body(("html",)).get_content()


def weekly(mailbox):
    return [mail for mail in mailbox.mails if mail["Subject"].startswith("Week to")]


def test_a_rebuild_sends_no_week_again_and_goes_on_with_the_figures(deployment, running):
    member = two_weeks(deployment)
    member.tick("12T18:15", "13T02:15")
    deployment.wait_until(lambda: "weekly" in reasons(deployment), "the summary is decided", 120)
    member.send(3, 1)  # no tick has taken them when the states are lost
    deployment.receipts(NP, 30, 120)
    for worker in running.values():
        worker.stop()
    before = len(notifications(deployment)), len(shared(deployment, NP))
    for name, topic in (("share", SHARE), ("notify", NOTICES)):
        deployment.lose(topic)
        assert ends(deployment, "rebuild", name).exit_code == 0
    assert ends(deployment, "rebuild", "intake").exit_code == 0
    assert (len(notifications(deployment)), len(shared(deployment, NP))) == before
    started(deployment)
    member.tick("13T02:16", "19T18:15", "20T02:15")
    deployment.wait_until(lambda: reasons(deployment).count("weekly") == 2, "the summary of the next week", 120)
    first, second = (one.items[0]["figures"] for one in notifications(deployment) if one.reason == "weekly")
    assert [first[part] for part in ("recent", "before")] == [{"messages": 18, "rejected": 6}, {"messages": 8, "rejected": 0}]
    assert [second[part] for part in ("recent", "before")] == [{"messages": 4, "rejected": 1}, {"messages": 26, "rejected": 6}]
