"""``mekong up``, ``status``, ``down``, ``reset`` as a person runs them: the real command with its real processes."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import pytest
from kafka import KafkaAdminClient

from mekong.deploy.local import probe
from mekong.deploy.local.lineup import WORKERS
from mekong.deploy.registry import read_compacted
from mekong.deploy.secret import SECRET, fingerprint
from mekong.schemas.settings import Settings
from mekong.schemas.topics import CASES, REGISTRY
from tests.integration.scraped import figure, until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

Mekong = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(scope="module")
def mekong(tmp_path_factory) -> Iterator[Mekong]:
    """The command, with a home of its own; what it left running is stopped."""
    home = tmp_path_factory.mktemp("stack") / "home"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MEKONG_")} | {"MEKONG_HOME": str(home)}

    def run(*arguments: str, **more: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "-P", "-m", "mekong.deploy.cli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment | more, timeout=300, check=False)

    yield run
    run("down")


@pytest.fixture(scope="module")
def stack(mekong) -> dict:
    """A stack that is up, as ``status --json`` tells it."""
    done = mekong("up", "--detach")
    assert done.returncode == 0, done.stderr
    assert "The stack is up after" in done.stdout
    return until_up(mekong)


def status(mekong) -> dict:
    return json.loads(mekong("status", "--json").stdout)


def until_up(mekong, within_s=240.0) -> dict:
    deadline = time.monotonic() + within_s
    while not (found := status(mekong))["up"]:
        assert time.monotonic() < deadline, found
        time.sleep(0.5)
    return found


def pids(found: dict) -> dict[str, int]:
    return {one["name"]: one["pid"] for one in found["processes"]}


def test_the_server_answers_where_the_status_says(stack):
    with urlopen(f"{stack['web']['url']}/v1/openapi.json", timeout=30) as answer:
        assert json.load(answer)["openapi"] == "3.1.0"


def test_each_process_serves_its_metrics_where_the_status_says(stack):
    served = {one["name"]: one["metrics"] for one in stack["processes"] if one["metrics"]}
    assert set(served) == set(WORKERS)
    assert len(set(served.values())) == len(WORKERS)
    for name, where in served.items():
        assert until(f"http://{where}", "/readyz", 200) == f"{name} is ready.\n"
        assert figure(f"http://{where}", "mekong_ready") == 1


def test_the_live_page_opens_with_the_key_that_the_status_shows_and_no_log_has_it(stack):
    page, _, key = stack["web"]["console"].partition("?key=")
    with pytest.raises(HTTPError, match="403"):
        urlopen(page, timeout=30)
    with build_opener(HTTPCookieProcessor()).open(f"{page}?key={key}", timeout=30) as answer:
        assert (answer.status, answer.url) == (200, page)
    logs = list((Path(stack["home"]) / "logs").iterdir())
    assert {"supervisor.log", "web.log"} <= {log.name for log in logs}
    assert not [log.name for log in logs if key in log.read_text(encoding="utf-8")]


def is_alive(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_stack_tells_where_its_servers_are_and_what_runs(stack):
    assert set(pids(stack)) == {"clickhouse", "kafka", "intake", "watch", "network", "share", "notify", "notifier", "sink", "web", "clock"}
    assert probe.cluster_at(stack["kafka"]["bootstrap"]) == stack["kafka"]["cluster_id"]
    assert probe.answer_of(stack["clickhouse"]["url"], "EXISTS DATABASE mekong") == "1"
    assert stack["clock"] == "on"


def test_a_stack_knows_its_secret_before_any_agency_is_there(stack):
    settings = Settings(home=Path(stack["home"]))
    assert read_compacted(settings, REGISTRY.name) == {SECRET: fingerprint(settings)}


def test_no_password_stands_on_the_terminal_or_in_a_log_and_nobody_else_reads_the_folder(mekong, stack):
    home, password = Path(stack["home"]), urlsplit(stack["clickhouse"]["url"]).password
    assert "http://analyst@127.0.0.1:" in mekong("status").stdout
    assert urlsplit(stack["clickhouse"]["analyst_url"]).password not in mekong("status").stdout
    assert password not in mekong("status").stdout
    assert not [path.name for path in (home / "logs").iterdir() if password in path.read_text(errors="replace")]
    assert [stat.S_IMODE((home / name).stat().st_mode) for name in (".", "logs", "logs/supervisor.log")] == [0o700, 0o700, 0o600]


def test_other_commands_find_the_stack_by_its_home(mekong, stack):
    assert mekong("agency", "add", "VN-CUSTOMS").returncode == 0
    assert [one["agency"] for one in json.loads(mekong("agency", "list", "--json").stdout)] == ["VN-CUSTOMS"]
    assert json.loads(mekong("topics", "--create", "--json").stdout)["made"] == []
    assert mekong("migrate").stdout == "up to date\n"


def test_status_is_healthy_until_a_worker_stands_and_names_the_place(mekong, stack, tmp_path):
    def health(healthy: bool, within_s: float = 90.0) -> dict:
        deadline = time.monotonic() + within_s
        while (found := status(mekong))["healthy"] is not healthy:
            assert time.monotonic() < deadline, found
        return found

    until_up(mekong)
    assert health(True)["trouble"] == []
    watch = pids(stack)["watch"]
    os.kill(watch, signal.SIGSTOP)
    try:
        line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 1, "unit": "kg"}
        case = {"message_type": "seizure", "agency": "VN-CUSTOMS", "case_no": "1", "seized_at": "2026-05-03", "lines": [line]}
        (tmp_path / "one.jsonl").write_text(json.dumps(case))
        assert mekong("send", str(tmp_path / "one.jsonl"), "--format", "json", "--agency", "VN-CUSTOMS").returncode == 0
        found = health(False)
        assert any(re.fullmatch(r"watch stands at journal.v1/6 offset \d+: see the end of its log", one) for one in found["trouble"]), found
        assert mekong("status").returncode == 1
    finally:
        os.kill(watch, signal.SIGCONT)
    health(True)


def test_a_second_stack_in_the_same_folder_is_refused(mekong, stack):
    for arguments in (["up"], ["up", "--detach"]):
        done = mekong(*arguments)
        assert done.returncode == 2
        assert "A stack runs in" in done.stderr
    assert "The stack is up after" in (Path(stack["home"]) / "logs" / "supervisor.log").read_text()


def test_a_lost_state_is_rebuilt_while_the_stack_holds_the_worker(mekong, stack):
    until_up(mekong)
    admin = KafkaAdminClient(bootstrap_servers=stack["kafka"]["bootstrap"])
    admin.delete_topics([CASES.name])
    while CASES.name in admin.list_topics():
        time.sleep(0.1)
    admin.close()
    assert mekong("topics", "--create").returncode == 0
    os.kill(pids(status(mekong))["intake"], signal.SIGKILL)
    log = Path(stack["home"]) / "logs" / "intake.log"
    deadline = time.monotonic() + 60
    while "state was lost" not in log.read_text():
        assert time.monotonic() < deadline, log.read_text()[-2_000:]
        time.sleep(0.2)
    done = mekong("rebuild", "intake", "--json")
    assert done.returncode == 0, done.stderr
    assert sum(json.loads(done.stdout).values()) > 0
    until_up(mekong)


def test_a_running_stack_is_not_reset(mekong, stack):
    assert "stop it first" in mekong("reset", "--yes").stderr


@pytest.mark.parametrize("name", ["kafka", "clickhouse", "clock"])
def test_what_is_killed_is_started_again(mekong, stack, name):
    before = pids(status(mekong))
    os.kill(before[name], signal.SIGKILL)
    while is_alive(before[name]):
        time.sleep(0.02)
    after = until_up(mekong)
    assert pids(after)[name] != before[name]
    process = next(one for one in after["processes"] if one["name"] == name)
    assert process["restarts"] == 1
    assert "SIGKILL" in process["why"]


def test_a_server_that_does_not_answer_is_not_called_up(mekong, stack):
    broker = pids(until_up(mekong))["kafka"]
    os.kill(broker, signal.SIGSTOP)
    try:
        done = mekong("status", "--json")
        assert done.returncode == 1
        assert [one["state"] for one in json.loads(done.stdout)["processes"] if one["name"] == "kafka"] == ["not answering"]
    finally:
        os.kill(broker, signal.SIGCONT)


def test_all_processes_end_with_a_supervisor_that_is_killed_and_the_state_stays(mekong, stack):
    running = until_up(mekong)
    os.kill(running["supervisor"], signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(is_alive(pid) for pid in pids(running).values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert status(mekong)["up"] is False
    assert mekong("up", "--detach", "--clock", "off").returncode == 0
    again = until_up(mekong)
    assert again["kafka"]["cluster_id"] == stack["kafka"]["cluster_id"]
    assert "clock" not in pids(again)
    assert json.loads(mekong("agency", "list", "--json").stdout)[0]["agency"] == "VN-CUSTOMS"


def test_down_stops_everything_and_reset_forgets_it(mekong, stack):
    running = until_up(mekong)
    assert mekong("down").stdout == "stopped\n"
    assert not any(is_alive(pid) for pid in [running["supervisor"], *pids(running).values()])
    done = mekong("status")
    assert (done.returncode, "no stack runs" in done.stdout) == (1, True)
    assert "start one with `mekong up`" in mekong("agency", "list").stderr
    assert mekong("reset", "--yes").returncode == 0
    assert list(Path(running["home"]).iterdir()) == []


def test_ctrl_c_stops_a_stack_in_the_foreground_in_order(mekong, tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MEKONG_")} | {"MEKONG_HOME": str(tmp_path)}
    command = [sys.executable, "-P", "-m", "mekong.deploy.cli", "up"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment) as shown:
        said = []
        for line in shown.stdout:
            said.append(line)
            if "The stack is up" in line:
                shown.send_signal(signal.SIGINT)
    assert shown.returncode == 0, said
    assert said[-1] == "stopped\n"
