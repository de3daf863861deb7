"""Everything is killed, paused and cut off while messages flow: none is lost, none counted twice. `make chaos N=100` is the long one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from chaos_actions import EACH

FRAMES = 16
"""Of the faults of frames, chosen by the seed; a whole plan is for the long one."""
RUN = Path(__file__).with_name("run.py")


@pytest.mark.integration
@pytest.mark.timeout(900)
def test_whatever_is_killed_paused_or_cut_off_each_message_has_one_receipt_every_count_is_exact_and_each_is_told_once():
    command = [sys.executable, str(RUN), "--first=7", f"--actions={len(EACH)}", f"--frames={FRAMES}", "--messages=9000", "--verbose"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout
