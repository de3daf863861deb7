"""A child process, started and stopped."""

import signal
import stat

import pytest

from mekong.deploy.local.process import Process


def started(command: str, log) -> Process:
    child = Process(["sh", "-c", command], log)
    while not child.last_words():
        assert child.exit_code is None
    return child


@pytest.fixture
def in_background():
    """Interrupts are ignored, as a shell without job control has it for a command with an ampersand."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_child_of_what_runs_in_the_background_still_hears_an_interrupt(in_background, tmp_path):
    assert started("echo ready; exec sleep 60", tmp_path / "log").stop(10, signal.SIGINT) == -signal.SIGINT


def test_a_child_that_does_not_end_in_time_is_killed(tmp_path):
    assert started("trap '' TERM; echo ready; sleep 60", tmp_path / "log").stop(0.2) == -signal.SIGKILL


def test_a_log_is_readable_by_its_owner_only(tmp_path):
    (tmp_path / "log").touch(mode=0o644)
    started("echo ready; sleep 60", tmp_path / "log").kill()
    started("echo ready; sleep 60", tmp_path / "logs" / "log").kill()
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("log", "logs", "logs/log")] == [0o600, 0o700, 0o600]
