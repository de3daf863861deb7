"""``mekong status`` and ``reset``, and the end of the demo's stack, without a stack."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from mekong.deploy import health
from mekong.deploy.cli import stack as stack_command
from mekong.deploy.cli.stack import reset, status
from mekong.deploy.health import Health, Seen
from mekong.deploy.local import stack
from mekong.deploy.local.demo_stack import _signals
from mekong.deploy.local.home import Home, Identity
from mekong.deploy.local.lineup import WORKERS, console_url
from mekong.schemas.errors import Fatal


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
        "web": {"url": "http://127.0.0.1:21187", "console": console_url(Identity.new()._replace(web_port=21187))},
        "clock": "on",
        "processes": [{**one, "log": "x" * 99}, *({**one, "state": "up", "name": name, "metrics": "127.0.0.1:21188"} for name in WORKERS)],
    }
    monkeypatch.setattr(stack, "status", lambda _: found)
    at = datetime.now(UTC)
    stages = [Seen("notifier", 1_234_567, "alerts.VN-CUSTOMS.v1/0 offset 1234567", at), Seen("intake")]
    monkeypatch.setattr(health, "look", lambda _: Health(stages, ["share stands at journal.v1/6 offset 1234567: see the end of its log"]))
    shown = CliRunner().invoke(status, []).output
    assert re.search(r"notifier +STANDS +1,234,567 +\d s ago", shown)
    assert re.search(r"intake +ok +0 +-", shown)
    assert shown.endswith(
        "NOT healthy: clickhouse is not answering: see the end of clickhouse.log\n"
        "NOT healthy: share stands at journal.v1/6 offset 1234567: see the end of its log\n"
    )
    assert "2026-11-27 05:41:12 " in shown
    assert re.search(r"^web +http://127\.0\.0\.1:21187$", shown, re.MULTILINE)
    assert re.search(r"^live page +http://127\.0\.0\.1:21187/console\?key=[\w-]{32}$", shown, re.MULTILINE)
    assert str(home.logs) in shown
    assert " ".join(shown.split()).count(" 21188") == len(WORKERS)
    assert "metrics      127.0.0.1, ports intake 21188, watch 21188," in shown
    assert max(len(line.rstrip()) for line in shown.splitlines() if str(home.logs) not in line) <= 80


@pytest.fixture
def one_process(monkeypatch):
    """A stack of one process, and nothing to say of its stages."""
    one = {"name": "share", "state": "up", "pid": 1, "restarts": 0, "since": "2026-11-27T05:41:12.298Z", "why": "", "log": ""}
    monkeypatch.setattr(health, "look", lambda _: Health([], []))
    monkeypatch.setattr(stack, "status", lambda _: {"up": True, "supervisor": 1, "processes": [one], "kafka": {}, "clickhouse": None})
    return one


@pytest.mark.usefixtures("home")
def test_a_healthy_stack_says_so_in_the_last_line_and_by_its_exit_code(one_process, monkeypatch):
    monkeypatch.setattr(stack_command, "_show_stack", lambda *_: None)
    done = CliRunner().invoke(status, [])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "healthy")
    told = json.loads(CliRunner().invoke(status, ["--json"]).output)
    assert (told["healthy"], told["trouble"], told["stages"]) == (True, [], [])


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"state": "waiting", "why": "ended with exit code 1"}, "share is waiting (ended with exit code 1): see the end of share.log"),
        ({"restarts": 3, "since": "now"}, "share was started again 3 times: see the end of share.log"),
    ],
)
def test_a_process_that_is_not_up_or_keeps_ending_is_named(one_process, changed, sentence):
    now = datetime.now(UTC).isoformat()
    one_process |= {name: now if value == "now" else value for name, value in changed.items()}
    done = CliRunner().invoke(status, ["--json"])
    assert (done.exit_code, json.loads(done.output)["trouble"]) == (1, [sentence])


@pytest.mark.usefixtures("home")
def test_restarts_around_a_killed_broker_an_hour_ago_are_no_trouble(one_process):
    one_process |= {"restarts": 3, "why": "ended with exit code 1"}
    assert CliRunner().invoke(status, ["--json"]).exit_code == 0


def test_another_deployment_is_looked_at_without_a_local_stack(home, monkeypatch):
    monkeypatch.setenv("MEKONG_KAFKA_BOOTSTRAP", "broker:9092")
    monkeypatch.setattr(health, "look", lambda _: Health([Seen("intake")], []))
    done = CliRunner().invoke(status, [])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, "healthy")
    assert "Kafka" not in done.output


def test_reset_says_that_there_is_nothing_to_delete(home):
    assert "no stack has anything in" in CliRunner().invoke(reset, []).output
    home.logs.mkdir(parents=True)
    assert "is deleted" in CliRunner().invoke(reset, ["--yes"]).output
    assert not home.logs.exists()


@pytest.mark.parametrize(("exit_code", "raised"), [(0, KeyboardInterrupt), (1, Fatal), (-9, Fatal)])
def test_a_stack_of_the_demo_that_was_told_to_stop_is_like_ctrl_c_and_any_other_end_is_an_error(home, exit_code, raised):
    ended = SimpleNamespace(exit_code=exit_code, last_words=lambda: "")
    with pytest.raises(raised), _signals(ended, home) as heed:
        heed()
