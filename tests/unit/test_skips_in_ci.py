"""With CI=true an integration test that skips itself fails the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

SKIPS = """
import pytest

@pytest.mark.integration
def test_needs_a_server():
    pytest.skip("no server")

def test_of_another_platform():
    pytest.skip("not here")
"""


@pytest.mark.parametrize(("ci", "summary", "code"), [("true", "1 failed, 1 skipped", 1), ("", "2 skipped", 0)])
def test_a_skipped_integration_test_fails_in_ci_only(tmp_path, ci, summary, code):
    (tmp_path / "conftest.py").write_text((Path(__file__).parents[1] / "conftest.py").read_text())
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = integration: needs servers\n")
    (tmp_path / "test_it.py").write_text(SKIPS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | {"CI": ci, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert (done.returncode, summary in done.stdout) == (code, True), done.stdout
