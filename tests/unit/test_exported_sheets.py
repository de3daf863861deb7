"""An exported sheet comes back through its layout as the same cases, whatever the official columns can hold."""

from __future__ import annotations

import pytest

from mekong.sinks.exports import EXPORTS
from mekong.sinks.exports.shape import SheetExport
from tests.unit.exported import Exchange, all_messages, exported, values

SHEETS = [one.name for one in EXPORTS if isinstance(one, SheetExport)]


@pytest.fixture(scope="module")
def exchange():
    found = Exchange()
    receipts = [found.send(message) for message in all_messages()]
    assert [one for one in receipts if one["outcome"] != "accepted"] == []
    return found


@pytest.mark.parametrize("name", SHEETS)
def test_every_case_of_an_export_comes_back_as_a_duplicate(exchange, tmp_path, name):
    path = tmp_path / f"{name}.xlsx"
    found = exported(name, exchange.cases.values(), path)
    assert [one.fault for one in found if one.fault] == []
    receipts = [exchange.send(value) for value in values(path)]
    assert len(receipts) == len(found) > 2
    assert {receipt["outcome"] for receipt in receipts} == {"duplicate"}, receipts
