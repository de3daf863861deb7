"""A file is an edition: its time, what it would undo, and what it no longer has; the exchange is stood in for by its receipts."""

from __future__ import annotations

import hashlib
import sqlite3

import pytest

from mekong.producers.digests import Digests
from mekong.producers.editions import CaseKey, Editions
from mekong.producers.formats import BY_NAME, cbp, lemis
from mekong.producers.formats.sheet import sheet_format
from mekong.producers.ledger import Rejection, Remark, Summary
from mekong.producers.missing import Choice
from mekong.producers.plan import became, edition_plan, withdrawal
from mekong.producers.sheets.layout import read_layout
from mekong.schemas.errors import Refused
from mekong.schemas.messages import MESSAGE
from mekong.schemas.rejected import Reason

HOUR_MS = 3_600_000
JANUARY_MS = 1_767_258_000_000
AGENCY = "US-LAREDO-SECTOR"


def sheet(*cells: tuple[str, str, int, str]) -> bytes:
    """A CBP file of cells: month, drug, events, pounds."""
    rows = [f"2020,{month},U.S. Border Patrol,Land Filter,LAREDO SECTOR,{drug},{events},{lbs}" for month, drug, events, lbs in cells]
    return "\n".join([",".join(cbp.COLUMNS), *rows, ""]).encode()


class Desk:
    """Somebody who sends sheets, hour by hour."""

    format = BY_NAME["cbp"]

    def __init__(self, home) -> None:
        self.home, self.now_ms, self.answered = home, JANUARY_MS, set()

    def plan(self, ledger, content: bytes, variant="", **choice):
        digests = Digests(*(hashlib.sha256(content + more).hexdigest() for more in (b"", variant.encode())))
        items = self.format.parse([content])
        wanted = Choice(**{"series": "cbp x.csv", **choice})
        return edition_plan(items, None, ledger, wanted, digests, self.now_ms, lambda _: self.answered, self.format.passed)

    def look(self, content: bytes, **choice):
        """What would be sent and asked."""
        with Editions(self.home, "cluster") as ledger:
            return self.plan(ledger, content, **choice)

    def send(self, content: bytes, *, refused=(), stale=(), to_its_end=True, **choice):
        """Send it as it is; an hour passes."""
        with Editions(self.home, "cluster") as ledger:
            plan = self.plan(ledger, content, **choice)
            ledger.begin(plan.series, plan.digests, plan.at_ms)
            if to_its_end:
                summary = Summary(
                    refusals=[Rejection("", AGENCY, case, Reason.UNKNOWN_CODE, "", "") for case in refused],
                    stale=[Remark("", AGENCY, case, "stale", "", "") for case in stale],
                )
                ledger.settle(plan.series, plan.digests.content, plan.at_ms, became(plan, summary))
        self.now_ms += HOUR_MS
        return plan


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def cases(plan) -> list[str]:
    return [case.case_no for case in plan.withdrawals]


HEROIN = ("JAN", "Heroin", 1, "30")
MANY = [("JAN", f"Drug{number}", 1, "1") for number in range(40)]


def test_the_time_of_an_edition_belongs_to_its_bytes(desk):
    first = desk.send(sheet(HEROIN))
    later = desk.send(sheet(("JAN", "Heroin", 1, "31")))
    assert (first.at_ms, later.at_ms) == (JANUARY_MS, JANUARY_MS + HOUR_MS)
    assert desk.send(sheet(HEROIN)).at_ms == JANUARY_MS
    assert desk.send(sheet(HEROIN), series="cbp another-name.csv").at_ms == JANUARY_MS


def test_it_is_the_same_when_they_are_read_in_another_way_and_that_is_said(desk):
    first = desk.send(sheet(HEROIN))
    later = desk.send(sheet(("JAN", "Heroin", 1, "300")))
    for _ in range(2):
        again = desk.look(sheet(HEROIN), variant="another layout")
        assert (again.at_ms, again.questions) == (first.at_ms, ())
        assert "read in another way" in again.notes[0]
    desk.send(sheet(HEROIN), variant="another layout", stale=["2020-01/HEROIN/LAND-FILTER/1"])
    for variant in ("", "another layout"):
        again = desk.look(sheet(HEROIN), variant=variant)
        assert again.at_ms == first.at_ms
        assert not [note for note in again.notes if "read in another way" in note]
    assert desk.look(sheet(HEROIN), variant="a third").notes[0].startswith("these bytes were sent before, and read in another way")
    assert desk.look(sheet(("JAN", "Heroin", 1, "300"))).at_ms == later.at_ms


def test_a_ledger_of_an_earlier_version_is_still_read(desk, tmp_path):
    plan = desk.send(sheet(HEROIN), variant="a layout")
    desk.send(sheet(("JAN", "Heroin", 1, "300")))
    (path,) = (tmp_path / "editions").glob("*.db")
    with sqlite3.connect(path) as old:
        old.execute("DROP TABLE reading")
        old.execute("UPDATE edition SET digest = ? WHERE digest = ?", (plan.digests.reading, plan.digests.content))
    again = desk.look(sheet(HEROIN), variant="a layout")
    assert again.at_ms == plan.at_ms
    assert not [note for note in again.notes if "read in another way" in note]
    assert desk.look(sheet(("JAN", "Heroin", 1, "300")), variant="a layout").at_ms == JANUARY_MS + HOUR_MS


def test_it_is_fixed_before_the_first_message_and_kept_when_the_sending_is_interrupted(desk):
    desk.send(sheet(HEROIN), to_its_end=False)
    assert desk.send(sheet(HEROIN)).at_ms == JANUARY_MS


def test_a_file_of_which_nothing_was_taken_has_no_time_yet(desk):
    desk.send(sheet(HEROIN), refused=["2020-01/HEROIN/LAND-FILTER/1"])
    assert desk.send(sheet(HEROIN)).at_ms == JANUARY_MS + HOUR_MS


def test_a_clock_that_was_set_back_makes_no_older_edition(desk):
    desk.send(sheet(HEROIN))
    desk.now_ms = JANUARY_MS - 10 * HOUR_MS
    assert desk.send(sheet(("JAN", "Heroin", 1, "31"))).at_ms == JANUARY_MS + 1


def test_a_time_given_by_hand_is_that_of_a_file_that_was_sent_elsewhere(desk):
    assert desk.look(sheet(HEROIN), at_ms=JANUARY_MS - 5).at_ms == JANUARY_MS - 5
    with pytest.raises(Refused, match="is in the future"):
        desk.look(sheet(HEROIN), at_ms=JANUARY_MS + HOUR_MS)
    desk.send(sheet(HEROIN))
    with pytest.raises(Refused, match="does not change"):
        desk.look(sheet(HEROIN), at_ms=JANUARY_MS - 5)
    assert desk.look(sheet(HEROIN), at_ms=JANUARY_MS).at_ms == JANUARY_MS


def test_an_edition_that_would_return_cases_to_an_older_content_asks_and_names_them(desk):
    desk.send(sheet(HEROIN, ("JAN", "Cocaine", 1, "5")))
    assert not desk.send(sheet(("JAN", "Heroin", 1, "300"), ("JAN", "Cocaine", 1, "5"))).questions
    (question,) = desk.look(sheet(HEROIN, ("JAN", "Cocaine", 1, "5.5"))).questions
    assert (question.said, question.number) == ("Cases would return to what an older edition said (1)", 1)
    assert question.examples == ("line 2: US-LAREDO-SECTOR 2020-01/HEROIN/LAND-FILTER/1, as in the edition of 2026-01-01T09:00:00.000Z",)


def test_the_same_old_file_again_asks_nothing_as_it_undoes_nothing(desk):
    desk.send(sheet(HEROIN))
    desk.send(sheet(("JAN", "Heroin", 1, "300")))
    assert not desk.look(sheet(HEROIN)).questions
    desk.send(sheet(HEROIN), stale=["2020-01/HEROIN/LAND-FILTER/1"])
    assert desk.look(sheet(HEROIN, ("FEB", "Heroin", 1, "1"))).questions, "300 is what the exchange has"


def test_it_asks_under_whatever_name_the_older_edition_was_sent(desk):
    desk.send(sheet(HEROIN), series="cbp january.csv")
    desk.send(sheet(("JAN", "Heroin", 1, "300")), series="cbp february.csv")
    assert desk.look(sheet(HEROIN, ("FEB", "Heroin", 1, "1")), series="cbp march.csv").questions


def test_once_it_was_sent_all_the_same_it_is_what_the_exchange_has(desk):
    desk.send(sheet(HEROIN))
    desk.send(sheet(("JAN", "Heroin", 1, "300")))
    third = sheet(HEROIN, ("FEB", "Heroin", 1, "1"))
    desk.send(third)
    assert not desk.look(sheet(HEROIN, ("FEB", "Heroin", 1, "2"))).questions
    assert desk.look(sheet(("JAN", "Heroin", 1, "300"))).questions == (), "it is older"
    assert desk.look(sheet(("JAN", "Heroin", 1, "300"), ("FEB", "Heroin", 1, "1"))).questions


def test_complete_withdraws_what_the_edition_no_longer_has_and_nothing_else(desk):
    desk.send(sheet(*MANY))
    plan = desk.send(sheet(*MANY[1:], ("JAN", "New", 1, "1")), complete="file")
    assert cases(plan) == ["2020-01/DRUG0/LAND-FILTER/1"]
    assert cases(desk.send(sheet(*MANY[1:], ("JAN", "New", 1, "2")), complete="file")) == []


def test_a_case_that_was_withdrawn_and_is_there_again_asks(desk):
    desk.send(sheet(*MANY))
    desk.send(sheet(*MANY[1:]), complete="file")
    assert desk.look(sheet(*MANY, HEROIN)).questions


def test_without_complete_a_note_says_that_they_stay_counted(desk):
    desk.send(sheet(*MANY))
    plan = desk.send(sheet(*MANY[1:]))
    assert cases(plan) == []
    (note,) = plan.notes
    assert note.startswith(
        "cases of the edition of 2026-01-01T09:00:00.000Z that are not in this one: 1, first US-LAREDO-SECTOR 2020-01/DRUG0"
    )
    assert "--complete" in note
    assert cases(desk.send(sheet(*MANY[1:]), complete="file")) == ["2020-01/DRUG0/LAND-FILTER/1"], (
        "the same edition again, as the note says"
    )


def test_fewer_events_of_a_row_withdraw_the_rest_or_are_said_to_stay_counted(desk):
    desk.send(sheet(("JAN", "Heroin", 3, "30"), *MANY))
    fewer = sheet(("JAN", "Heroin", 2, "30"), *MANY)
    assert (
        "that are not in this one: 1, first US-LAREDO-SECTOR 2020-01/HEROIN/LAND-FILTER/3 (1 because a row has fewer events now)"
        in desk.look(fewer).notes[0]
    )
    assert cases(desk.look(fewer, complete="file")) == ["2020-01/HEROIN/LAND-FILTER/3"]


def test_complete_month_leaves_the_months_alone_that_are_not_in_the_file(desk):
    february = [("FEB", f"Drug{number}", 1, "1") for number in range(40)]
    desk.send(sheet(*MANY, *february))
    assert cases(desk.look(sheet(*february[1:]), complete="month")) == ["2020-02/DRUG0/LAND-FILTER/1"]
    with pytest.raises(Refused, match="41 of 80 cases missing"):
        desk.look(sheet(*february[1:]), complete="file")


def test_rejected_rows_count_as_present(desk):
    desk.send(sheet(*MANY))
    spoilt = sheet(("JAN", "Drug0", 1, "many"), ("JAN", "Drug1", 0, "1"), *MANY[2:])
    assert cases(desk.send(spoilt, complete="file")) == []
    plan = desk.send(sheet(*MANY[1:]), complete="file")
    assert cases(plan) == ["2020-01/DRUG0/LAND-FILTER/1"], "it was in the previous edition, as a rejected row"


def test_a_case_that_the_exchange_never_took_is_not_withdrawn(desk):
    desk.send(sheet(*MANY), refused=["2020-01/DRUG0/LAND-FILTER/1"])
    assert cases(desk.send(sheet(*MANY[1:]), complete="file")) == []


def test_a_case_that_was_taken_once_and_refused_in_the_previous_edition_is_withdrawn(desk):
    desk.send(sheet(*MANY))
    desk.send(sheet(("JAN", "Drug0", 1, "2"), *MANY[1:]), refused=["2020-01/DRUG0/LAND-FILTER/1"])
    assert cases(desk.send(sheet(*MANY[1:]), complete="file")) == ["2020-01/DRUG0/LAND-FILTER/1"]


@pytest.mark.parametrize(
    ("before", "now", "why", "number"),
    [
        pytest.param(None, sheet(*MANY), "no earlier edition", 0, id="no previous edition"),
        pytest.param(sheet(*MANY), sheet(*MANY[3:]), "3 of 40 cases missing, more than 5 %", 3, id="more than 5 %"),
        pytest.param(sheet(*MANY), sheet(*MANY[1:]) + b"cut,off\n", "cannot be read: 1", 1, id="an unreadable case number"),
        pytest.param(sheet(*MANY), sheet(*MANY[1:], ("XXX", "Drug0", 1, "1")), "cannot be read: 1", 1, id="an unreadable month"),
    ],
)
def test_what_is_not_plain_needs_the_number_typed(desk, before, now, why, number):
    if before:
        desk.send(before)
    with pytest.raises(Refused, match=why) as refused:
        desk.look(now, complete="file")
    assert f"add --withdraws {number}." in str(refused.value)
    assert len(desk.look(now, complete="file", withdraws=number).withdrawals) == number
    with pytest.raises(Refused, match=f"you typed --withdraws 7, and it would withdraw {number}"):
        desk.look(now, complete="file", withdraws=7)


def test_an_edition_in_between_that_was_not_sent_to_its_end_needs_the_number_too(desk):
    desk.send(sheet(*MANY))
    desk.send(sheet(*MANY, HEROIN), to_its_end=False)
    with pytest.raises(Refused, match="not sent to its end"):
        desk.look(sheet(*MANY[1:]), complete="file")


def test_an_older_edition_withdraws_nothing(desk):
    desk.send(sheet(*MANY))
    desk.send(sheet(*MANY, HEROIN))
    with pytest.raises(Refused, match="there is a newer one"):
        desk.look(sheet(*MANY), complete="file")
    (note,) = desk.look(sheet(*MANY)).notes
    assert note.startswith("this is the edition of 2026-01-01T09:00:00.000Z, and newer ones were sent since: it undoes none of them")


def test_what_was_withdrawn_is_said_no_more_to_stay_and_the_same_command_again_does_the_same(desk):
    desk.send(sheet(*MANY))
    assert desk.look(sheet(*MANY[1:])).notes
    for _ in range(2):
        assert len(desk.send(sheet(*MANY[1:]), complete="file", withdraws=1).withdrawals) == 1
    assert desk.look(sheet(*MANY[1:])).notes == ()


def test_the_first_sheet_from_a_machine_asks_when_its_agencies_have_sent_before(desk):
    desk.answered = {AGENCY}
    (question,) = desk.look(sheet(HEROIN)).questions
    assert (question.examples, "--edition" in question.said) == ((AGENCY,), True)
    assert not desk.look(sheet(HEROIN), at_ms=JANUARY_MS - 5).questions
    desk.send(sheet(HEROIN))
    assert not desk.look(sheet(("JAN", "Heroin", 1, "31"))).questions


def test_another_series_is_not_looked_at(desk):
    desk.send(sheet(*MANY))
    plan = desk.look(sheet(*MANY[1:]), series="cbp other.csv")
    assert (plan.notes, cases(plan)) == ((), [])


def test_a_withdrawal_is_a_message_that_the_exchange_reads():
    message = MESSAGE.validate_json(withdrawal(CaseKey(AGENCY, "2020-01/HEROIN/LAND/3")).value)
    assert (message.message_type, message.case_no, message.reason) == ("withdrawal", "2020-01/HEROIN/LAND/3", "other")


def test_a_damaged_ledger_is_said_with_what_to_do(tmp_path, desk):
    desk.send(sheet(HEROIN))
    (path,) = (tmp_path / "editions").glob("*.db")
    path.write_bytes(b"no database at all, and long enough to be read as one" * 100)
    with pytest.raises(Refused, match="cannot be used: file is not a database"):
        desk.look(sheet(HEROIN))


def test_a_rejected_line_names_the_case_it_is_of():
    row = dict.fromkeys(lemis.COLUMNS, "1") | {"disposition": "S", "control_number": "77", "disposition_date": "never"}
    content = "\n".join([",".join(row), ",".join(row.values()), ""]).encode()
    (found,) = BY_NAME["lemis"].parse([content])
    assert (found.reason, found.case_no) == (Reason.BAD_DATE, "77")


TABLE = b"Remark,Case number,Date,Goods,Quantity,Unit\n"


def table(*numbers: int, remark: str = "") -> bytes:
    return b"".join(f"{remark},A-{number},2026-01-03,heroin,1,kg\n".encode() for number in numbers)


def test_a_case_whose_row_is_passed_over_is_not_withdrawn(desk):
    desk.format = sheet_format(agency="VN-CUSTOMS")
    desk.send(TABLE + table(*range(40)))
    assert cases(desk.send(TABLE + table(0, remark="Total") + table(*range(2, 40)), complete="file")) == ["A-1"]
    assert cases(desk.look(TABLE + table(*range(2, 40)), complete="file", withdraws=1)) == ["A-0"]


def test_a_row_that_is_passed_over_and_has_no_case_number_needs_the_number(desk):
    desk.format = sheet_format(agency="VN-CUSTOMS")
    desk.send(TABLE + table(*range(40)))
    now = TABLE + table(*range(1, 40)) + b"Total,,,,40,kg\n"
    with pytest.raises(Refused, match=r"no case number.* row 41.*add --withdraws 1"):
        desk.look(now, complete="file")
    assert cases(desk.look(now, complete="file", withdraws=1)) == ["A-0"]


def test_a_case_that_has_a_revision_stays_also_when_the_sheet_has_the_column_no_more(desk):
    fields = ("case_no", "seized_at", "substance_or_taxon", "quantity", "unit", "revision")
    columns = "".join(f'[[columns]]\nfield = "{field}"\nheadings = ["{field}"]\n' for field in fields)
    desk.format = sheet_format(read_layout(f'title = "x"\n{columns}', "x"), agency="VN-CUSTOMS")
    lines = [f"A-{number},2026-01-03,heroin,1,kg" for number in range(40)]
    desk.send("\n".join([",".join(fields), f"{lines[0]},1", *(f"{line}," for line in lines[1:]), ""]).encode())
    plan = desk.look("\n".join([",".join(fields[:-1]), *lines[2:], ""]).encode(), complete="file")
    assert cases(plan) == ["A-1"]
    assert "have a revision: 1, first VN-CUSTOMS A-0" in plan.notes[-1]
