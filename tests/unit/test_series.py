"""A series is known by the name of a file, also where the ledger has only a hash of it."""

from __future__ import annotations

import pytest

from mekong.producers.digests import Digests
from mekong.producers.editions import EditionResult, Editions, Row
from mekong.producers.formats import BY_NAME
from mekong.producers.formats.sheet import FORMAT
from mekong.producers.looking import SheetFile
from mekong.producers.missing import Choice, withdrawn
from mekong.producers.passed import Passed
from mekong.schemas.errors import Refused

AT_MS = 1_780_000_000_000
DIGESTS = Digests("content", "reading")


def named(name: str, series: str = "", format_=FORMAT) -> SheetFile:
    return SheetFile(name, DIGESTS, format_, "VN-CUSTOMS", Choice(series))


@pytest.fixture
def ledger(tmp_path):
    with Editions(tmp_path, "cluster") as found:
        yield found


@pytest.mark.parametrize("format_", [FORMAT, BY_NAME["cbp"]], ids=["sheet", "cbp"])
def test_the_name_of_the_earlier_file_reaches_its_series(ledger, format_):
    earlier = named("may.xlsx", format_=format_).series(ledger)
    assert named("june.xlsx", "may.xlsx", format_).series(ledger) == earlier
    assert named("june.xlsx", format_=format_).series(ledger) != earlier


def test_the_name_of_a_sheet_is_not_in_its_series(ledger):
    assert "may" not in named("x.xlsx", "may.xlsx").series(ledger)


def test_a_series_that_an_earlier_version_stored_as_it_was_typed_is_reached(ledger):
    stored = "sheet VN-CUSTOMS north"
    assert named("may.xlsx", "north").series(ledger) != stored
    ledger.hold([Row("VN-CUSTOMS", "1", b"content", "2026-05", "row 2")])
    ledger.begin(stored, DIGESTS, AT_MS)
    ledger.settle(stored, DIGESTS.content, AT_MS, EditionResult())
    assert named("may.xlsx", "north").series(ledger) == stored


@pytest.mark.parametrize(("series", "name"), [("", "june.xlsx"), ("mai.xlsx", "mai.xlsx")])
def test_a_refusal_names_the_file_and_how_to_name_the_earlier_one(ledger, series, name):
    file = named("june.xlsx", series)
    choice = Choice(file.series(ledger), complete="file", name=series or file.name)
    with pytest.raises(Refused) as refused:
        withdrawn(ledger, choice, AT_MS, 0, [], Passed())
    assert f"no earlier edition of '{name}' was sent from here" in str(refused.value)
    assert "--series OLD-NAME.xlsx" in str(refused.value)
    assert "sheet-" not in str(refused.value)
