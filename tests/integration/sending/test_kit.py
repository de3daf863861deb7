"""What is in a member's kit sends: the file with the command, and the program in Python."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

from click.testing import CliRunner

from mekong.deploy.cli import mekong


def test_the_first_message_and_the_program_of_the_kit_are_answered(agency, intake, tmp_path, monkeypatch):
    intake(agency)
    found = CliRunner().invoke(mekong, ["agency", "kit", agency, "--out", str(tmp_path / "kit.zip")])
    assert found.exit_code == 0, found.output
    with zipfile.ZipFile(tmp_path / "kit.zip") as archive:
        archive.extractall(tmp_path)
    monkeypatch.chdir(tmp_path / agency)
    found = CliRunner().invoke(mekong, ["send", "first-message.jsonl", "--format", "json", "--agency", agency])
    assert found.exit_code == 0, found.output
    assert "accepted            1" in found.output
    done = subprocess.run([sys.executable, "send.py"], env=dict(os.environ), capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[:2] == ["TEST-0001", "duplicate"]
