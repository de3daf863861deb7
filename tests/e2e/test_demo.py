"""``mekong demo`` as a person or a CI job runs it: the real command, the real servers, a small part of the two real files."""

from __future__ import annotations

import csv
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from mekong.deploy.cli.demo import DATA, FILES
from mekong.producers.files import Chunks, format_named
from mekong.producers.parsed import Parsed

pytestmark = pytest.mark.integration

COMMAND = [sys.executable, "-P", "-m", "mekong.deploy.cli", "demo"]
OFFICES = {"MIAMI FIELD OFFICE", "TUCSON SECTOR", "SAN JUAN FIELD OFFICE"}
WITHIN_S = 150.0


@pytest.fixture(scope="module")
def part(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three offices' first cells and the seized lines of 40 declarations."""
    folder = tmp_path_factory.mktemp("part")
    cbp, lemis = (next(DATA.glob(pattern)) for pattern, _ in FILES)
    _copy(cbp, folder / cbp.name, lambda row: row["Area of Responsibility"] in OFFICES and int(row["Count of Event"]) < 40, 60)
    _copy(lemis, folder / lemis.name, lambda row: row["disposition"] == "S", 60)
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of the test's own, and no other deployment in sight."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MEKONG_")} | {"MEKONG_HOME": str(tmp_path / "home")}


@pytest.fixture
def start(environment: Mapping[str, str], part: Path, tmp_path: Path) -> Iterator[Callable[[], tuple[subprocess.Popen[bytes], Path]]]:
    """Starts a demo that stays up; gives the process, and the file of what it prints. It is killed when the test ends."""
    running: list[subprocess.Popen[bytes]] = []

    def begin() -> tuple[subprocess.Popen[bytes], Path]:
        printed = tmp_path / "printed.txt"
        with printed.open("wb") as out:
            running.append(
                subprocess.Popen([*COMMAND, "--data", str(part)], env=dict(environment), stdout=out, stderr=subprocess.STDOUT, cwd=tmp_path)
            )
        return running[-1], printed

    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait()


def test_a_part_of_the_files_goes_from_file_to_clickhouse_and_verify_holds(environment: Mapping[str, str], part: Path, tmp_path: Path):
    found = subprocess.run(
        [*COMMAND, "--exit", "--data", str(part)], env=dict(environment), capture_output=True, text=True, timeout=WITHIN_S, check=False
    )
    said = found.stdout
    assert found.returncode == 0, said + found.stderr

    per_file = {path.name: messages(path, name) for pattern, name in FILES for path in part.glob(pattern)}
    total = sum(per_file.values())
    assert per_file == {name: count for name, count in per_file.items() if count >= 10}
    assert f"{total:,} seizures from file to ClickHouse in " in said
    assert all(f"{count:,} of {name}" in said for name, count in per_file.items())
    assert re.search(rf"accepted +{total:,}\n +rejected +0\n", said)
    assert "everything is as promised" in said
    assert "not affiliated with, or endorsed by, the WCO, UNODC" in said
    assert re.search(r"US-MIAMI-FIELD-OFFICE +drug +20\d\d-\d\d", said)
    assert re.search(r"US-FISH-AND-WILDLIFE-SERVICE +fauna", said)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", said), "control characters in what a log will hold"
    assert processes_of(tmp_path) == {}


def test_what_it_says_to_try_next_works_and_ctrl_c_stops_everything(
    start: Callable[[], tuple[subprocess.Popen[bytes], Path]], environment: Mapping[str, str], tmp_path: Path
):
    demo, printed = start()
    said = wait_for(printed, "Ctrl-C stops everything.", demo)
    tries = {line.split()[1]: line for line in said.splitlines() if line.startswith("  ") and "mekong " in line}
    home = re.search(r"export MEKONG_HOME=(\S+)", said)
    assert home
    there = {**environment, "MEKONG_HOME": home[1]}
    answers = {}
    for name in ("send", "sql", "status"):
        found = subprocess.run(
            shlex.split(tries[name], comments=True), env=there, cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False
        )
        assert found.returncode == 0, found.stdout + found.stderr
        answers[name] = found.stdout
    assert "6 read, 6 sent" in answers["send"]
    assert all(outcome in answers["send"] for outcome in ("accepted", "duplicate", "corrected", "withdrawn"))
    assert "cocaine" in answers["sql"].lower()

    assert len(processes_of(tmp_path)) >= 6
    demo.send_signal(signal.SIGINT)
    assert demo.wait(60) == 0
    assert processes_of(tmp_path) == {}


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_ended_while_it_starts_it_leaves_nothing_running(
    start: Callable[[], tuple[subprocess.Popen[bytes], Path]], tmp_path: Path, sent: signal.Signals, code: int
):
    demo, printed = start()
    wait_for(printed, "both answer after", demo)
    demo.send_signal(sent)
    assert demo.wait(60) == code
    deadline = time.monotonic() + 15
    while processes_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert processes_of(tmp_path) == {}


def test_when_its_stack_dies_it_says_so_and_ends(start: Callable[[], tuple[subprocess.Popen[bytes], Path]], tmp_path: Path):
    demo, printed = start()
    wait_for(printed, "both answer after", demo)
    supervisor = next(pid for pid, command in processes_of(tmp_path).items() if command.endswith("mekong.deploy.cli up --clock off"))
    os.kill(supervisor, signal.SIGKILL)
    assert demo.wait(60) == 2
    assert "The stack ended by itself" in printed.read_text()


def test_it_refuses_to_run_beside_another_deployment(environment: Mapping[str, str]):
    found = subprocess.run(
        COMMAND, env={**environment, "MEKONG_KAFKA_BOOTSTRAP": "broker:9092"}, capture_output=True, text=True, timeout=60, check=False
    )
    assert found.returncode == 2
    assert "MEKONG_KAFKA_BOOTSTRAP is set" in found.stderr


def messages(path: Path, format_name: str) -> int:
    return sum(isinstance(item, Parsed) for item in format_named(format_name).parse(Chunks(path)))


def wait_for(printed: Path, text: str, demo: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + WITHIN_S
    while text not in (said := printed.read_text()):
        assert demo.poll() is None, said
        assert time.monotonic() < deadline, said
        time.sleep(0.1)
    return said


def processes_of(folder: Path) -> dict[int, str]:
    """Process id -> command line of all that have ``folder`` in their command line or environment, but for ours and the demo itself."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            environ = (entry / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if command and (f"{folder}/" in command or f"MEKONG_HOME={folder}" in environ) and int(entry.name) != os.getpid():
            found[int(entry.name)] = command
    return found


def _copy(source: Path, target: Path, wanted: Callable[[dict[str, str]], bool], rows: int) -> None:
    with source.open(newline="", encoding="utf-8-sig") as read, target.open("w", newline="", encoding="utf-8") as write:
        reader = csv.DictReader(read)
        writer = csv.DictWriter(write, reader.fieldnames or ())
        writer.writeheader()
        left = rows
        for row in reader:
            if left and wanted(row):
                writer.writerow(row)
                left -= 1
