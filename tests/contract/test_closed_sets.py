"""Each closed set is written once; here its other copies are held to it, and what is missing is named with its place."""

from __future__ import annotations

from typing import get_args

import pytest

from mekong.deploy.cli.subscribe import subscribe
from mekong.schemas import vocabulary
from mekong.schemas.codes import code_list
from mekong.schemas.export import records_of
from mekong.schemas.journal import JournalEntry
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.messages import MESSAGE_TYPES, Message
from mekong.schemas.notifications import Reason
from mekong.schemas.subscriptions import AnswerKind, Subscription
from mekong.schemas.tables.notices import DELIVERY_LOG, NOTIFICATIONS
from mekong.schemas.topics import INCOMING
from mekong.sinks.clickhouse.tables import journal
from mekong.sinks.delivery.words import SAID
from mekong.streams.core.spikes.case import FEATURES

ENTRIES = [one.model_fields["kind"].default for one in get_args(get_args(JournalEntry)[0])]


@pytest.mark.parametrize("record", get_args(get_args(Message)[0]), ids=lambda record: record.__name__)
def test_the_topic_of_an_agency_names_every_type_of_message(record):
    assert record in records_of(INCOMING), f"message type {record.__name__}: not among the records of INCOMING in schemas/topics.py"


def test_message_types_are_what_the_records_say():
    assert MESSAGE_TYPES == ("seizure", "correction", "withdrawal", "warning", "feedback")


@pytest.mark.parametrize("kind", ENTRIES)
def test_the_sink_takes_every_kind_of_journal_entry(kind):
    assert f"'{kind}'" in journal.TABLE.sound, f"journal entry {kind}: the sink would refuse it (sinks/clickhouse/tables/journal.py)"


@pytest.mark.parametrize("kind", [kind for kind in AnswerKind if kind is not AnswerKind.TEST])
def test_the_page_confirms_every_kind_of_answer(kind):
    assert f"done_{kind}" in SAID, f"answer {kind}: no sentence done_{kind} in sinks/delivery/words.py"


@pytest.mark.parametrize("feature", FEATURES)
def test_every_feature_of_a_case_has_its_words(feature):
    assert set(vocabulary.FEATURES.get(feature, ())) == set(LANGUAGES), f"feature {feature}: not in FEATURES of schemas/vocabulary.py"


@pytest.mark.parametrize("shown", [NOTIFICATIONS.columns, DELIVERY_LOG.shown], ids=["notifications", "delivery_log"])
def test_the_comment_of_a_reason_names_every_reason_of_a_notification(shown):
    comment = next(one.comment for one in shown if one.name == "reason")
    assert comment.replace(" or ", ", ").split(", ") == [one.value for one in Reason], (
        "schemas/tables/notices.py, then `mekong migrate --new`"
    )


def test_a_default_that_subscribe_add_names_is_the_one_of_the_record():
    said = {{"budget": "budget_per_week"}.get(one.name, one.name): one.default for one in subscribe.commands["add"].params}
    declared = {name: field.default for name, field in Subscription.model_fields.items() if isinstance(said.get(name), int | str)}
    assert {"digest_hour", "budget_per_week", "language"} <= set(declared)
    for name, default in declared.items():
        assert said[name] == default, f"{name}: {said[name]} in deploy/cli/subscribe.py, {default} in schemas/subscriptions.py"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_list_has_a_label_in_every_language(language):
    for code, entry in code_list("commodity_groups").items():
        assert entry.label(language), f"commodity group {code}: no label_{language}"
