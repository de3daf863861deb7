"""Sheets over HTTPS without a broker: they are read in a child process with limits, and no upload is stored."""

from __future__ import annotations

import asyncio

import pytest

from mekong.deploy.profiles import profile_of
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.sheets import children, desk
from mekong.producers.gateway.sheets.upload import Upload
from tests.unit.filled import saved, workbook
from tests.unit.planted import found_in
from tests.unit.planted import workbook as planted
from tests.unit.test_gateway import AGENCY, Broker

PROFILE = profile_of(AGENCY)


@pytest.fixture
def broker():
    found = Broker()
    yield found
    found.children.close()


def test_a_sheet_is_guessed_looked_at_and_checked(broker):
    guessed = asyncio.run(desk.guess(broker, AGENCY, Upload(planted())))
    assert {"seized_at", "unit"} <= {one.field for one in guessed.columns if one.is_sure}
    assert {"H", "J"} <= {one.column for one in guessed.columns if one.is_personal}
    looked = asyncio.run(desk.look(broker, AGENCY, Upload(planted())))
    assert [(case.case_no, case.fields[0].cell) for case in looked.cases[:2]] == [("2025-1", "B2"), ("2025-2", "B3")]
    found = asyncio.run(desk.check(broker, PROFILE, Upload(planted()), mark=True))
    assert dict(found.counts) == {"good": 2, "rejected": 7}
    assert ("rejected", "F4") in [(one.level, one.cell) for one in found.findings]
    headings = repr(found.notes)
    assert found_in(repr(found._replace(marked=None)).replace(headings, "")) == []
    assert found.marked is not None
    assert found.marked.is_own
    assert broker.stored == []


def test_a_template_of_another_agency_is_refused(broker):
    with pytest.raises(Problem) as refused:
        asyncio.run(desk.check(broker, PROFILE, Upload(saved(workbook("en", 1, "LA-CUSTOMS")))))
    assert (refused.value.status, refused.value.more["field"]) == (422, "agency")


@pytest.mark.parametrize(
    ("upload", "field"),
    [
        (Upload(b"PK\x03\x04 no workbook"), "file"),
        (Upload(b"a,b\n1,2\n"), "headings"),
        (Upload(planted(), "nothing"), "layout"),
        (Upload(planted(), layout_text="title ="), "layout"),
    ],
    ids=["workbook", "headings", "name", "text"],
)
def test_what_cannot_be_read_is_422_with_a_sentence(broker, upload, field):
    with pytest.raises(Problem) as refused:
        asyncio.run(desk.check(broker, PROFILE, upload))
    assert (refused.value.status, refused.value.more["field"]) == (422, field)


@pytest.mark.parametrize(
    ("limit", "greedy"), [("MOST_MEMORY = 300_000_000", "bytearray(10**9)"), ("MOST_CPU_S = 1", "[0 for _ in iter(lambda: 1, 0) if False]")]
)
@pytest.mark.processes
def test_a_child_that_needs_too_much_is_413_and_the_gateway_goes_on(broker, monkeypatch, tmp_path, limit, greedy):
    """A module that the child imports makes its limit smaller, and its work greedy."""
    (tmp_path / "greedy.py").write_text(
        f"import sys\nmain = sys.modules['__main__']\nmain.{limit}\nmain.WORKS = (lambda *_: {greedy},) * 9\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    broker.children = children.Children(("greedy",))
    with pytest.raises(Problem) as refused:
        asyncio.run(desk.look(broker, AGENCY, Upload(b"a")))
    assert refused.value.status == 413
    assert "in parts" in refused.value.detail


def test_one_sheet_of_an_agency_and_a_few_of_all_are_read_at_once(broker, monkeypatch):
    async def story():
        first = asyncio.ensure_future(desk.look(broker, AGENCY, Upload(planted())))
        await asyncio.sleep(0)
        with pytest.raises(Problem) as same:
            await desk.look(broker, AGENCY, Upload(planted()))
        monkeypatch.setattr(children, "MOST_AT_ONCE", 1)
        with pytest.raises(Problem) as other:
            await desk.look(broker, "LA-CUSTOMS", Upload(planted()))
        await first
        return same.value.status, other.value.status

    assert asyncio.run(story()) == (429, 503)


@pytest.mark.processes
def test_the_child_writes_no_worksheet_to_the_disk(broker, monkeypatch, tmp_path):
    """Without a folder for temporary files the sheet is still marked in place."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nothing"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "sealed.py").write_text("import tempfile\ntempfile.tempdir = '/nothing/is/here'\n")
    broker.children = children.Children((broker.judge.__module__, "sealed"))
    found = asyncio.run(desk.check(broker, PROFILE, Upload(planted()), mark=True))
    assert found.marked.is_own
