"""``mekong simulate``: messages to a file or standard output, counts to standard error."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from mekong.deploy.cli.simulate import simulate
from mekong.producers.formats.json import FORMAT
from mekong.producers.parsed import Parsed
from mekong.schemas.errors import Refused
from mekong.streams.core.intake.identity import Ids


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run the command without a stack."""
    monkeypatch.setenv("MEKONG_HOME", str(tmp_path / "nowhere"))
    monkeypatch.delenv("MEKONG_SECRET", raising=False)
    return lambda *arguments: CliRunner().invoke(simulate, list(arguments), catch_exceptions=False)


def test_messages_go_to_the_file_and_counts_to_standard_error(run, tmp_path):
    out, truth = tmp_path / "phase.jsonl", tmp_path / "truth.jsonl"
    done = run("--phase", "I", "--seed", "5", "--out", str(out), "--truth", str(truth))
    assert done.stdout == ""
    assert "OMD-I simulated" in done.stderr
    assert "left out" in done.stderr
    assert all(json.loads(line)["expect"] for line in truth.read_text().splitlines())
    parsed = list(FORMAT.parse([out.read_bytes()]))
    assert len(parsed) > 100
    assert all(isinstance(one, Parsed) for one in parsed)


def test_without_a_file_messages_go_to_standard_output(run):
    done = run("--phase", "omd-i", "--seed", "5", "--cases", "20")
    assert all(json.loads(line)["simulated"] for line in done.stdout.splitlines())
    assert done.stdout == run("--phase", "I", "--seed", "5", "--cases", "20").stdout


def test_with_the_secret_of_a_deployment_references_are_its_event_ids(run, monkeypatch):
    monkeypatch.setenv("MEKONG_SECRET", "secret of the test")
    done = run("--phase", "V", "--seed", "5")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    ids = {Ids(b"secret of the test").of(one["agency"], one["case_no"]) for one in messages}
    named = {one["in_reply_to"] for one in messages if "in_reply_to" in one} | {name for one in messages for name in one["related_to"]}
    assert named
    assert named <= ids
    assert "left out" not in done.stderr


def test_a_phase_that_reaches_into_the_future_is_written_and_said(run):
    assert "lies in the future" in run("--phase", "I", "--seed", "1", "--cases", "10", "--start", "2199-01-01").stderr


def test_an_unknown_phase_is_refused(run):
    with pytest.raises(Refused, match="the phases are I, AP, II"):
        run("--phase", "IX", "--seed", "1")
