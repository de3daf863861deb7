"""``mekong status`` and ``reset``, and the end of the demo's stack, without a stack."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from deploy.cli.stack import reset, status
from deploy.local import stack
from deploy.local.demo_stack import _signals
from deploy.local.home import Home
from schemas.errors import Fatal


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MEKONG_HOME", str(tmp_path / "a-folder-whose-name-is-so-long-that-it-would-fill-half-of-a-terminal"))
    return Home(tmp_path / "a-folder-whose-name-is-so-long-that-it-would-fill-half-of-a-terminal")


def test_status_fits_into_80_columns(home, monkeypatch):
    one = {"name": "clickhouse", "state": "not answering", "pid": 1234567, "restarts": 0, "since": "2026-11-27T05:41:12.298Z", "why": None}
    found = {
        "up": True,
        "home": "",
        "supervisor": 1,
        "kafka": None,
        "clickhouse": None,
        "clock": "on",
        "processes": [{**one, "log": "x" * 99}],
    }
    monkeypatch.setattr(stack, "status", lambda _: found)
    shown = CliRunner().invoke(status, []).output
    assert "2026-11-27 05:41:12 " in shown
    assert str(home.logs) in shown
    assert max(len(line.rstrip()) for line in shown.splitlines() if str(home.logs) not in line) <= 80


def test_reset_says_that_there_is_nothing_to_delete(home):
    assert "no stack has anything in" in CliRunner().invoke(reset, []).output
    home.logs.mkdir(parents=True)
    assert "is deleted" in CliRunner().invoke(reset, ["--yes"]).output
    assert not home.logs.exists()


@pytest.mark.parametrize(("exit_code", "raised"), [(0, KeyboardInterrupt), (1, Fatal), (-9, Fatal)])
def test_a_stack_of_the_demo_that_was_told_to_stop_is_like_ctrl_c_and_any_other_end_is_an_error(home, exit_code, raised):
    ended = SimpleNamespace(exit_code=exit_code, last_words=lambda: "")
    with pytest.raises(raised), _signals(ended, home):
        pass
