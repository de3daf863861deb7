"""The folder of a stack: one supervisor in it, secrets that only its owner reads, nothing deleted that is not the stack's."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from mekong.deploy.cli.demo import _say_what_next
from mekong.deploy.local import stack
from mekong.deploy.local.clickhouse import ClickHouse, without_password
from mekong.deploy.local.detached import up_detached
from mekong.deploy.local.home import OURS, Home, Identity
from mekong.deploy.local.ports import free_port, is_free
from mekong.schemas.errors import Fatal, Refused
from mekong.schemas.keys import SHORTEST_SECRET
from mekong.schemas.settings import Settings


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def test_nothing_runs_in_a_folder_that_does_not_exist_and_none_is_made_by_asking(home):
    assert home.supervisor() is None
    assert home.stack() == {}
    assert not home.folder.exists()


def test_the_supervisor_is_known_while_it_holds_the_lock_and_not_after(home):
    with home.locked():
        assert home.supervisor() == os.getpid()
    assert home.supervisor() is None


def test_a_second_supervisor_is_refused_with_a_sentence(home):
    with home.locked(), pytest.raises(Refused, match=rf"runs in .*home already \(process {os.getpid()}\)"), home.locked():
        pass


def test_a_second_stack_in_the_background_is_refused_and_leaves_the_log_of_the_first_alone(home):
    log = home.logs / "supervisor.log"
    with home.locked():
        log.parent.mkdir()
        log.write_text("The stack is up.\n")
        with pytest.raises(Refused, match=rf"A stack runs in .*home already \(process {os.getpid()}\)"):
            up_detached(home, [], print)
    assert log.read_text() == "The stack is up.\n"


def test_a_killed_supervisor_leaves_no_lock_behind(home):
    holds = "import sys, time\nfrom pathlib import Path\nfrom mekong.deploy.local.home import Home\n"
    holds += "with Home(Path(sys.argv[1])).locked():\n    print('held', flush=True)\n    time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", holds, str(home.folder)], stdout=subprocess.PIPE)
    child.stdout.readline()
    assert home.supervisor() == child.pid
    child.kill()
    child.wait()
    assert home.supervisor() is None


def test_a_process_is_held_until_it_has_stopped_and_let_go_however_that_ends(home):
    home.write("processes.json", {"processes": [{"name": "intake", "pid": None}, {"name": "watch", "pid": 1}]})
    assert home.held() is None
    with suppress(ZeroDivisionError), home.holding("intake"):
        assert home.held() == "intake"
        with pytest.raises(Refused, match="intake is held already"), home.holding("watch"):
            pass
        raise ZeroDivisionError
    assert home.held() is None
    with pytest.raises(Fatal, match="watch has not stopped"), home.holding("watch", within_s=0.1):
        pass


def test_who_only_looks_whether_one_is_held_keeps_nobody_from_holding_it(home):
    home.make()
    looking, ended = threading.Event(), threading.Event()

    def look():
        with (home.folder / "held.lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            looking.set()
            ended.wait(0.1)

    looker = threading.Thread(target=look)
    looker.start()
    looking.wait()
    with home.holding("intake"):
        assert home.held() == "intake"
    looker.join()


def test_an_identity_is_kept_and_no_two_are_alike(home):
    first = home.identity()
    home.save(first)
    assert home.identity() == first
    assert Identity.new().stack_id != first.stack_id
    assert Identity.new().secret != first.secret
    assert len(first.secret.encode()) >= SHORTEST_SECRET


def test_files_with_secrets_are_readable_by_their_owner_only(home):
    home.write("stack.json", {"secret": "x"})
    assert stat.S_IMODE((home.folder / "stack.json").stat().st_mode) == 0o600
    assert [path.name for path in home.folder.iterdir()] == ["stack.json"]


def test_the_folder_is_for_its_owner_only_also_one_that_an_earlier_version_left_open(home):
    home.make()
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    home.folder.chmod(0o755)
    home.make()
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o755  # it may be a folder of something else
    home.save(home.identity())
    home.make()
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700


def test_no_password_is_shown():
    server = ClickHouse(Path("/nowhere"), 8123, "mekong-1", "hush", analyst_password="read")
    assert without_password(server.url) == "http://mekong@127.0.0.1:8123/mekong"
    assert without_password(server.analyst_url) == "http://analyst@127.0.0.1:8123/mekong"


def test_a_stack_of_an_earlier_version_gets_an_analyst_with_a_password_of_its_own():
    older = Identity("mekong-1", "secret", "hush")
    newer = stack._with_ports(older, stack.Wanted())
    assert len(newer.analyst_password) == 32
    assert newer.analyst_password not in {older.clickhouse_password, stack._with_ports(older, stack.Wanted()).analyst_password}
    assert stack._with_ports(newer, stack.Wanted()).analyst_password == newer.analyst_password
    assert newer.native_port not in {0, newer.clickhouse_port, newer.kafka_port}


def test_a_person_asks_as_the_analyst_unless_another_address_is_given(home, monkeypatch):
    monkeypatch.delenv("MEKONG_CLICKHOUSE_URL", raising=False)
    home.write("stack.json", {"clickhouse": {"url": "http://mekong:a@h:1/m", "analyst_url": "http://analyst:b@h:1/m"}})
    assert Settings(home=home.folder).clickhouse_to_read() == "http://analyst:b@h:1/m"
    assert Settings(home=home.folder, clickhouse_url="http://x:y@z:1/m").clickhouse_to_read() == "http://x:y@z:1/m"
    home.write("stack.json", {"clickhouse": {"url": "http://mekong:a@h:1/m"}})  # of an earlier version, which still runs
    assert Settings(home=home.folder).clickhouse_to_read() == "http://mekong:a@h:1/m"


def test_the_demo_shows_none_either(home, capsys):
    clickhouse = {"url": "http://mekong:hush@127.0.0.1:8123/mekong", "analyst_url": "http://analyst:hush@127.0.0.1:8123/mekong"}
    home.write(
        "stack.json", {"kafka": {"bootstrap": "a:1"}, "clickhouse": clickhouse, "web": {"console": "http://127.0.0.1:1/console?key=k"}}
    )
    _say_what_next(Console(soft_wrap=True), home)
    shown = capsys.readouterr().out
    assert "http://analyst@127.0.0.1:8123/mekong" in shown
    assert "hush" not in shown
    assert "live page    http://127.0.0.1:1/console?key=k\n" in shown


def test_what_the_stack_writes_is_what_the_settings_read(home, monkeypatch):
    for name in ("KAFKA_BOOTSTRAP", "CLICKHOUSE_URL", "SECRET", "CLOCK"):
        monkeypatch.delenv(f"MEKONG_{name}", raising=False)
    home.write("stack.json", {"kafka": {"bootstrap": "a:1"}, "clickhouse": {"url": "http://u:p@a:2/d"}, "secret": "s", "clock": "off"})
    settings = Settings(home=home.folder)
    assert (settings.bootstrap(), settings.clickhouse(), settings.deployment_secret()) == ("a:1", "http://u:p@a:2/d", b"s")
    assert not settings.clock_is_on()


def test_a_damaged_file_is_named_with_what_to_do(home):
    home.folder.mkdir()
    (home.folder / "identity.json").write_text("{")
    with pytest.raises(Refused, match=r"identity.json cannot be read.*mekong reset"):
        home.identity()


def test_forgetting_deletes_what_is_ours_and_nothing_else(home):
    (home.folder / "kafka" / "data").mkdir(parents=True)
    (home.folder / "demo").mkdir()
    (home.folder / "stack.json").touch()
    (home.folder / "thesis.odt").touch()
    home.forget(*OURS)
    assert sorted(path.name for path in home.folder.iterdir()) == ["demo", "thesis.odt"]


def test_a_stack_takes_the_ports_it_had_unless_they_are_taken():
    last = Identity.new()._replace(kafka_port=free_port())
    assert stack._with_ports(last, stack.Wanted()).kafka_port == last.kafka_port
    assert is_free(stack._with_ports(last, stack.Wanted()).clickhouse_port)


def test_a_port_that_was_asked_for_and_is_taken_is_refused():
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Refused, match=rf"--kafka-port {port}: the port is taken"):
            stack._with_ports(Identity.new(), stack.Wanted(kafka_port=port))
        again = stack._with_ports(Identity.new()._replace(kafka_port=port), stack.Wanted())
        assert again.kafka_port != port


def test_the_clock_stays_as_it_was_unless_asked():
    off = Identity.new()._replace(clock="off")
    assert stack._with_ports(off, stack.Wanted()).clock == "off"
    assert stack._with_ports(off, stack.Wanted(clock="on")).clock == "on"


def test_no_process_serves_its_metrics_at_a_port_of_a_server():
    last = Identity.new()._replace(kafka_port=free_port(), web_port=free_port())
    clash = last._replace(metrics_ports={"intake": last.kafka_port, "watch": last.web_port})
    found = stack._with_ports(clash, stack.Wanted(), ("intake", "watch"))
    assert found.kafka_port == last.kafka_port
    assert not {found.kafka_port, found.web_port} & set(found.metrics_ports.values())


def test_free_ports_are_none_that_outgoing_connections_get():
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(1_024 < free_port() < low for _ in range(20))


def test_a_stack_is_refused_where_the_shell_points_to_another_deployment(home, monkeypatch):
    monkeypatch.setenv("MEKONG_KAFKA_BOOTSTRAP", "production:9092")
    with pytest.raises(Refused, match="MEKONG_KAFKA_BOOTSTRAP is set"):
        stack.up(home, stack.Wanted(), print)


@pytest.mark.parametrize("start", [lambda home: stack.up(home, stack.Wanted(), print), lambda home: up_detached(home, [], print)])
def test_a_stack_is_refused_where_the_rules_are_wrong(home, tmp_path, monkeypatch, start):
    (tmp_path / "rules.toml").write_text("[spike]\nnonsense = 1\n")
    monkeypatch.setenv("MEKONG_RULES", str(tmp_path / "rules.toml"))
    with pytest.raises(Refused, match=r"rules.toml, line 2: spike.nonsense"):
        start(home)
    assert not home.folder.exists()


def test_the_processes_of_a_stack_find_the_rules_also_where_their_name_is_relative(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEKONG_RULES", "rules.toml")
    assert stack.variables_of(home)["MEKONG_RULES"] == str(tmp_path / "rules.toml")


def test_stopping_where_nothing_runs_says_so(home):
    assert not stack.down(home)
    assert stack.status(home)["up"] is False
