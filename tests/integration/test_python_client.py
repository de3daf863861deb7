"""An agency's system, killed at each point between a message and its receipt, and started again: each case once, each receipt known."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing

import pytest

from mekong import Client, Outcome, Refused
from mekong.schemas.topics import INCOMING, RECEIPTS

VN = "VN-CUSTOMS"
CASES = 40
SYSTEM = '''
"""Sends what has no offset, and stores reports and receipts together with the place."""
import os, signal, sqlite3, sys
from decimal import Decimal
from mekong import Client, Delivered, Line, Seizure, Settings

VN, (_, path, kill_at) = "VN-CUSTOMS", sys.argv
line = Line(commodity_group="drug", substance_or_taxon="Heroin", quantity=Decimal(2), unit="kg")

def reach(point):
    if point == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

store = sqlite3.connect(path)
(place,) = store.execute("SELECT place FROM place").fetchone()
with Client(Settings(), VN, place=place) as client:
    reach("opened")
    for number, (case_no,) in enumerate(store.execute("SELECT case_no FROM cases WHERE message_offset IS NULL").fetchall()):
        client.send(Seizure(agency=VN, case_no=case_no, seized_at="2026-05-03", lines=(line,)))
        if number == 20:
            reach("some sent")
            with store:
                for report in client.reports():
                    store.execute("UPDATE cases SET message_offset = ? WHERE case_no = ?", [report.offset, report.token])
                store.execute("UPDATE place SET place = ?", [client.place])
            reach("some stored")
    reports = client.flush()
    reach("all delivered")
    with store:
        for report in reports:
            assert isinstance(report, Delivered)
            store.execute("UPDATE cases SET message_offset = ? WHERE case_no = ?", [report.offset, report.token])
        store.execute("UPDATE place SET place = ?", [client.place])
    reach("delivery stored")
    receipts = client.wait_for_receipts()
    reach("receipts read")
    with store:
        for number, receipt in enumerate(receipts):
            store.execute("UPDATE cases SET outcome = ? WHERE message_offset = ?", [receipt.outcome, receipt.source_offset])
            if number == 20:
                reach("some receipts in the transaction")
        store.execute("UPDATE place SET place = ?", [client.place])
    reach("receipts stored")
'''


def run(deployment, path, kill_at: str) -> int:
    environment = {**os.environ, **deployment.environment}
    command = [sys.executable, "-c", SYSTEM, path, kill_at]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in {0, -9}, done.stderr
    return done.returncode


def a_store(path, prefix: str) -> None:
    with closing(sqlite3.connect(path)) as store, store:
        store.execute("CREATE TABLE cases (case_no TEXT PRIMARY KEY, message_offset INTEGER, outcome TEXT)")
        store.execute("CREATE TABLE place (place TEXT)")
        store.execute("INSERT INTO place VALUES ('')")
        store.executemany("INSERT INTO cases (case_no) VALUES (?)", [(f"{prefix}/{number}",) for number in range(CASES)])


def rows(path) -> list[tuple[str, int, str]]:
    with closing(sqlite3.connect(path)) as store:
        return store.execute("SELECT case_no, message_offset, outcome FROM cases").fetchall()


POINTS = [
    "opened",
    "some sent",
    "some stored",
    "all delivered",
    "delivery stored",
    "receipts read",
    "some receipts in the transaction",
    "receipts stored",
]


def test_killed_anywhere_and_started_again_each_case_is_there_once_and_each_receipt_is_known(deployment, tmp_path):
    deployment.register(VN)
    intake = deployment.mekong("worker", "intake")
    for number, point in enumerate(POINTS):
        path = tmp_path / f"{number}.sqlite"
        a_store(path, str(number))
        assert run(deployment, path, point) == -9, point
        assert run(deployment, path, "") == 0, point
        found = rows(path)
        assert len({offset for _, offset, _ in found}) == CASES, point
        assert {outcome for _, _, outcome in found} <= {Outcome.ACCEPTED, Outcome.DUPLICATE}, (point, found)
        receipts = {one["source_offset"]: one for one in deployment.receipts(VN)}
        assert all((receipts[offset]["case_no"], receipts[offset]["outcome"]) == (case_no, outcome) for case_no, offset, outcome in found)
    journal = Counter((entry["case_no"], entry["version"]) for entry in deployment.journal() if entry["kind"] == "version")
    assert journal == {(f"{number}/{case}", 1): 1 for number in range(len(POINTS)) for case in range(CASES)}
    assert intake.exit_code is None


def test_what_was_delivered_and_stored_is_not_sent_again(deployment, tmp_path):
    deployment.register(VN)
    a_store(tmp_path / "store.sqlite", "a")
    assert run(deployment, tmp_path / "store.sqlite", "delivery stored") == -9
    deployment.mekong("worker", "intake")
    assert run(deployment, tmp_path / "store.sqlite", "") == 0
    assert {outcome for _, _, outcome in rows(tmp_path / "store.sqlite")} == {Outcome.ACCEPTED}
    assert len(deployment.read(RECEIPTS.of(VN))) == CASES
    assert len(deployment.read(INCOMING.of(VN))) == CASES + 1  # the agency's profile


def test_a_place_of_an_exchange_that_is_no_more_is_refused(deployment):
    deployment.register(VN)
    with pytest.raises(Refused, match="not of this exchange"):
        Client(deployment.settings, VN, place=f"{INCOMING.of(VN)}@17")
