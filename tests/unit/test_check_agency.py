"""`mekong check` calls no row good whose agency the exchange does not know."""

from __future__ import annotations

import pytest

from mekong.deploy.check.exchange import Asked
from mekong.deploy.check.trial import Trial
from mekong.producers.sheets.checking import check_sheet
from mekong.producers.sheets.summary import summary
from mekong.producers.sheets.table import open_table
from tests.unit.filled import filled

NOW_MS = 1_780_000_000_000


@pytest.mark.parametrize(("unknown", "good", "rejected"), [((), 5, 0), (("LA-CUSTOMS",), 5, 0), (("VN-CUSTOMS",), 0, 5)])
def test_the_rows_of_an_agency_that_is_not_registered_are_rejected(unknown, good, rejected):
    table = open_table(filled("vi", 5))
    found = check_sheet(table, None, Asked(unknown=frozenset(unknown)).judged_by(Trial(NOW_MS, each_case_once=True).judge))
    assert (found.counts["good"], found.counts["rejected"]) == (good, rejected)
    assert set(found.results.values()) == {"good" if good else "rejected"}
    said = "\n".join(summary("may.xlsx", "simple", found.counts, found.findings, ()))
    assert ("VN-CUSTOMS is not registered at this exchange" in said) is bool(rejected)
