"""What members write is shown on an operator's terminal, and does not steer it."""

from __future__ import annotations

import json
import logging

import click
import pytest
from click.testing import CliRunner

from mekong.deploy.cli.receipts import receipts
from mekong.deploy.cli.tables import show
from mekong.deploy.cli.terminal import harmless, log_lines
from mekong.schemas.receipts import Receipt
from mekong.streams.core.intake.check import case_no_of

STEERS = "1\x1b]0;owned\x07\x1b[2K\rVN-CUSTOMS accepted\n\x9b2J\u202etxt"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        pytest.param("\x1b[2K\r\n", r"\x1b[2K\r\n", id="control characters"),
        pytest.param("\x9b2J\x7f", r"\x9b2J\x7f", id="of one byte more"),
        pytest.param("a\u202eb\u2028", r"a\u202eb\u2028", id="what turns or breaks a line"),
        pytest.param("Lào Cai, 30 °C, 缅甸 ▁▂▃", "Lào Cai, 30 °C, 缅甸 ▁▂▃", id="letters of every language stay"),
    ],
)
def test_what_would_steer_a_terminal_is_written_as_an_escape(text, seen):
    assert harmless(text) == seen


class OneReceipt:
    """A mailbox with one receipt in it."""

    def __init__(self, receipt):
        self._left = [receipt]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def agencies(self):
        return {"VN-CUSTOMS": "in.VN-CUSTOMS.v1"}

    def follow(self, *_):
        pass

    def to_end(self):
        yield self._left


def test_a_rejected_case_number_cannot_forge_a_receipt_on_the_terminal(monkeypatch):
    case_no = case_no_of(json.dumps({"case_no": STEERS}).encode())
    receipt = {"source_topic": "in.VN-CUSTOMS.v1", "source_offset": 0, "agency": "VN-CUSTOMS", "received_at": "2026-05-03T00:00:00Z"}
    given = Receipt.model_validate({**receipt, "case_no": case_no, "outcome": "rejected", "reason": "invalid_value", "detail": STEERS})
    monkeypatch.setattr("mekong.producers.way.open_mailbox", lambda _: OneReceipt(given))
    shown = CliRunner().invoke(receipts, []).output
    assert "rejected" in shown
    assert shown.count("\n") == 1
    assert not set(shown[:-1]) & set("\x1b\x07\r\x9b\u202e")


def test_the_json_of_a_receipt_steers_nothing_and_means_the_same(monkeypatch):
    receipt = {"source_topic": "in.VN-CUSTOMS.v1", "source_offset": 0, "agency": "VN-CUSTOMS", "received_at": "2026-05-03T00:00:00Z"}
    given = Receipt.model_validate({**receipt, "case_no": STEERS[:90], "outcome": "rejected", "reason": "invalid_value", "detail": STEERS})
    monkeypatch.setattr("mekong.producers.way.open_mailbox", lambda _: OneReceipt(given))
    shown = CliRunner().invoke(receipts, ["--json"]).output
    assert not set(shown[:-1]) & set("\x1b\x07\r\n\x9b\u202e")
    assert json.loads(shown)["detail"] == STEERS


def test_a_cell_of_a_table_cannot_either_and_keeps_its_lines():
    @click.command()
    def told():
        show(["case"], [["a\nb\x1b[2K"]])

    assert CliRunner().invoke(told).output.split()[-2:] == ["a", r"b\x1b[2K"]


def test_a_line_of_the_log_steers_nothing(capsys, monkeypatch):
    monkeypatch.setattr(logging, "root", logging.RootLogger(logging.WARNING))
    log_lines("%(message)s", logging.WARNING)
    logging.root.warning("%s cannot be taken", "a\x1b[31m\u061c.jsonl")
    assert capsys.readouterr().err == "a\\x1b[31m\\u061c.jsonl cannot be taken\n"
