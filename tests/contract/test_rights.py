"""The runbook's table of rights says what the processes look for when they start. That it is enough: tests/e2e/test_secured.py."""

from __future__ import annotations

import pytest

from mekong.deploy.start import NEEDS
from tests.e2e.secured_rights import table

ONE_FOR_EACH = {"in.*": "in.{agency}.v1", "receipts.*": "receipts.{agency}.v1", "alerts.<agency>.v1": "alerts.{agency}.v1"}

CAN_DO_WITHOUT = {"web": {("READ", "journal.v1"), ("READ", "aside.v1"), ("READ", "answers.v1"), ("WRITE", "decisions.v1")}}
"""Process -> rights that it does not look for when it starts: the live page says which is missing."""


@pytest.mark.parametrize("process", NEEDS)
def test_the_table_has_the_topics_that_a_process_asks_for(process):
    told = {(right.operation, ONE_FOR_EACH.get(right.name, right.name)) for right in table()[process] if right.kind == "TOPIC"}
    assert told >= CAN_DO_WITHOUT.get(process, set())
    told -= CAN_DO_WITHOUT.get(process, set())
    assert told == {(operation, topic.name) for operation, topics in NEEDS[process].items() for topic in topics}
