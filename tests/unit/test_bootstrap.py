"""The preflight and set-up that run before anything is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mekong.deploy.local import bootstrap

GOOD = {
    "python": "3.11.7",
    "system": "Linux",
    "machine": "x86_64",
    "libc": ("glibc", "2.36"),
    "venv": True,
    "disk_mb": 50_000,
    "memory_mb": 16_000,
}


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    (tmp_path / "locks").mkdir()
    (tmp_path / "pyproject.toml").write_text("[project]")
    for lock in bootstrap.RANK:
        (tmp_path / "locks" / f"{lock}.txt").write_text(lock)
    for name, value in {"ROOT": tmp_path, "VENV": tmp_path / ".venv", "STAMP": tmp_path / ".venv" / "stamp.json"}.items():
        monkeypatch.setattr(bootstrap, name, value)
    return tmp_path


@pytest.fixture
def steps(root, monkeypatch) -> list[list[str]]:
    """What was run in place of venv and pip."""
    done: list[list[str]] = []

    def run(command: list[str]) -> bool:
        done.append(command)
        (root / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
        (root / ".venv" / "bin" / "python").touch()
        return True

    monkeypatch.setattr(bootstrap, "run", run)
    return done


def test_a_good_machine_has_no_faults():
    for wanted in bootstrap.RANK:
        assert bootstrap.found_faults(GOOD, wanted) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"disk_mb": 100}, "MB of disk are needed", id="disk"),
        pytest.param({"memory_mb": 900}, "MB of memory are needed", id="memory"),
        pytest.param({"venv": False}, "apt install python3-venv", id="venv"),
        pytest.param({"system": "Windows"}, "WSL 2", id="platform"),
        pytest.param({"libc": ("", "")}, "glibc 2.28", id="another libc"),
        pytest.param({"libc": ("glibc", "2.17")}, "glibc 2.28", id="old glibc"),
    ],
)
def test_what_is_missing_is_said_in_a_sentence(change, sentence):
    faults = bootstrap.found_faults({**GOOD, **change}, "local")
    assert len(faults) == 1
    assert sentence in faults[0]


def test_sending_alone_needs_no_servers_and_so_less_of_the_machine():
    assert bootstrap.found_faults({**GOOD, "memory_mb": 500, "disk_mb": 1_000, "libc": ("", "")}, "base") == []


def test_the_preflight_says_how_much_will_be_downloaded_and_what_was_not_tested():
    assert "about 323 MB of Python packages and 44 MB of Apache Kafka's jars" in bootstrap.described(GOOD, "local")
    assert "not tested" not in bootstrap.described(GOOD, "local")
    assert "not tested" in bootstrap.described({**GOOD, "machine": "aarch64"}, "local")


def test_this_machine_can_be_measured():
    here = bootstrap.measured()
    assert here["system"] == "Linux"
    assert here["disk_mb"] > 0
    assert here["memory_mb"] > 0


def test_packages_are_installed_with_hashes_and_the_project_without_dependencies(steps):
    assert bootstrap.install("local") == 0
    made, packages, project = steps
    assert made[1:3] == ["-m", "venv"]
    assert {"--require-hashes", ":all:"} <= set(packages)
    assert packages[-1].endswith("locks/local.txt")
    assert {"--no-deps", "--no-build-isolation"} <= set(project)


def test_nothing_is_done_when_nothing_changed(steps, monkeypatch, capsys):
    bootstrap.install("dev")
    steps.clear()
    capsys.readouterr()
    for wanted in bootstrap.RANK:  # dev holds the others
        monkeypatch.setattr(sys, "argv", ["bootstrap.py", wanted])
        assert bootstrap.main() == 0
    assert steps == []
    assert capsys.readouterr().out == ""


def test_a_smaller_set_up_does_not_do_for_a_larger_one(steps):
    bootstrap.install("local")
    assert bootstrap.is_current("base")
    assert not bootstrap.is_current("dev")


@pytest.mark.parametrize("changed", ["locks/local.txt", "pyproject.toml"])
def test_a_changed_lock_or_project_is_installed_anew_into_the_same_environment(root, steps, changed):
    bootstrap.install("local")
    (root / changed).write_text("changed")
    assert not bootstrap.is_current("local")
    steps.clear()
    bootstrap.install("local")
    assert "venv" not in steps[0]


def test_an_environment_that_was_moved_is_made_again(steps):
    bootstrap.install("local")
    bootstrap.STAMP.write_text(bootstrap.STAMP.read_text().replace('"folder": "', '"folder": "elsewhere'))
    assert not bootstrap.is_current("local")
    steps.clear()
    bootstrap.install("local")
    assert "--clear" in steps[0]


@pytest.mark.parametrize("stamp", ["", "[]", '{"lock": "other"}', "{"])
def test_a_damaged_stamp_only_means_that_it_is_set_up_again(root, stamp):
    (root / ".venv").mkdir()
    bootstrap.STAMP.write_text(stamp)
    assert not bootstrap.is_current("base")


def test_a_failed_step_ends_it_and_leaves_no_stamp(root, monkeypatch):
    monkeypatch.setattr(bootstrap, "run", lambda _: False)
    assert bootstrap.install("local") == 1
    assert not bootstrap.STAMP.exists()


def test_a_step_shows_large_downloads_and_its_last_words_when_it_fails(root, capsys):
    said = "print('  Downloading chdb_core-26.9.0-cp39.whl (181.5 MB)'); print('  Downloading six-1.17.0-py2.whl (11.1 kB)'); 1 / 0"
    assert not bootstrap.run([sys.executable, "-c", said])
    out, err = capsys.readouterr()
    assert out == "  chdb_core-26.9.0  181.5 MB\n"
    assert "ZeroDivisionError" in err


def test_an_unknown_lock_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "all"])
    assert bootstrap.main() == 2
    assert "base, local, dev" in capsys.readouterr().err


def test_a_machine_that_will_not_do_gets_no_environment(root, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "local"])
    monkeypatch.setattr(bootstrap, "measured", lambda: {**GOOD, "disk_mb": 5})
    assert bootstrap.main() == 2
    assert "This will not do" in capsys.readouterr().err
    assert not bootstrap.VENV.exists()


def test_an_old_python_without_a_newer_one_beside_it_says_what_is_needed(root, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", "local"])
    monkeypatch.setattr(bootstrap, "LOWEST", (99, 0))
    monkeypatch.setenv("PATH", str(root))
    assert bootstrap.main() == 2
    assert "3.11 or newer is needed" in capsys.readouterr().err


def test_it_runs_with_nothing_but_the_standard_library():
    done = subprocess.run([sys.executable, "-I", "-S", bootstrap.__file__, "nothing"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "'nothing' is not one of base, local, dev\n")
