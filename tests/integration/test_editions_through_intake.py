"""Whole sheets through the real intake: an old one undoes nothing, a revised one counts, what is gone is withdrawn when told."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mekong.deploy.cli import mekong
from mekong.deploy.registry import add_agencies
from mekong.producers.formats import cbp

AGENCY = "US-LAREDO-SECTOR"
JANUARY, FEBRUARY = ("30", 3), ("300", 3)


def sheet(pounds: str, events: int, *, others: int = 60) -> str:
    """A sheet of one cell that changes, and others that do not."""
    cells = [("Heroin", events, pounds), *((f"Drug {number}", 1, "1") for number in range(others))]
    rows = [f"2020,JAN,U.S. Border Patrol,Land Filter,LAREDO SECTOR,{drug},{count},{lbs}" for drug, count, lbs in cells]
    return "\n".join([",".join(cbp.COLUMNS), *rows, ""])


@pytest.fixture
def send(deployment, tmp_path, monkeypatch):
    """Sends a sheet; the account of it."""
    add_agencies(deployment.settings, [cbp.profile(AGENCY)])
    deployment.mekong("worker", "intake")
    for name, value in deployment.environment.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "drugs.csv"

    def run(content: str, *arguments: str) -> dict:
        path.write_text(content)
        found = CliRunner().invoke(mekong, ["send", str(path), "--format", "cbp", "--json", "--wait", "90", *arguments])
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return json.loads(found.stdout) | {"exit": found.exit_code}

    return run


def test_editions_of_a_sheet_are_told_apart_by_their_time(deployment, send):
    def heroin() -> dict[str, tuple[str, str]]:
        """Case number -> status and quantity, as the journal has it last."""
        found = {entry["case_no"]: entry for entry in deployment.journal() if entry["kind"] == "version" and "HEROIN" in entry["case_no"]}
        return {no[-1]: (one["status"], one["content"].get("lines", [{}])[0].get("quantity", "")) for no, one in found.items()}

    assert send(sheet(*JANUARY))["accepted"] == 63
    assert send(sheet(*FEBRUARY))["corrected"] == 3
    counted = heroin()
    again = send(sheet(*JANUARY))
    assert (again["corrected"], heroin()) == (0, counted), "January's sheet again undoes nothing"
    revised = send(sheet(*JANUARY) + "\n", "--yes")
    assert (revised["corrected"], revised["stale"], revised["exit"]) == (3, 0, 0), "an edition that is revised back counts"
    assert {quantity for _, quantity in heroin().values()} == {"4.535924", "4.535923"}
    fewer = send(sheet("30", 2), "--complete", "file")
    assert (fewer["withdrawn"], fewer["exit"]) == (1, 0)
    assert {no: status for no, (status, _) in heroin().items()} == {"1": "current", "2": "current", "3": "withdrawn"}
    back = send(sheet("30", 3) + "\n\n", "--yes")
    assert (back["corrected"], back["exit"]) == (3, 0)
    assert {status for status, _ in heroin().values()} == {"current"}, "a case that is there again is reinstated"
