"""The outermost edge of the command: one sentence on stderr, and an exit code that a script can tell apart."""

from __future__ import annotations

import subprocess
import sys

import click
import kafka.errors
import pytest

import mekong.deploy.cli
from mekong.schemas.errors import Fatal, Refused, Retriable


@pytest.fixture
def run(monkeypatch, capsys):
    """Run ``mekong do`` where ``do`` does the given thing; exit code, stdout, stderr."""

    def run(does, *arguments):
        @click.command()
        def do():
            """Do it."""
            return does()

        monkeypatch.setattr(mekong.deploy.cli.mekong, "get_command", lambda _ctx, name: do if name == "do" else None)
        monkeypatch.setattr(sys, "argv", ["mekong", "do", *arguments])
        with pytest.raises(SystemExit) as ended:
            mekong.deploy.cli.main()
        return (ended.value.code, *capsys.readouterr())

    return run


def raising(exc):
    def does():
        raise exc

    return does


@pytest.mark.parametrize(
    ("exc", "sentence"),
    [
        pytest.param(Refused("MEKONG_SECRET is not set."), "mekong: MEKONG_SECRET is not set.\n", id="refused"),
        pytest.param(Fatal("the state topic was lost"), "mekong: the state topic was lost\n", id="fatal"),
        pytest.param(Retriable("busy", 3), "mekong: busy\n", id="retriable"),
        pytest.param(FileNotFoundError(2, "No such file", "a.csv"), "mekong: a.csv: No such file\n", id="file"),
        pytest.param(kafka.errors.KafkaTimeoutError("Unable to bootstrap"), "mekong: Kafka refused or did not answer: ", id="kafka"),
    ],
)
def test_an_error_of_the_world_is_one_sentence_and_exit_code_2(run, exc, sentence):
    code, out, err = run(raising(exc))
    assert (code, out) == (2, "")
    assert err.startswith(sentence)
    assert err.count("\n") == 1


def test_a_wrong_option_shows_how_it_is_used_and_exits_with_2(run):
    code, _, err = run(lambda: None, "--nonsense")
    assert code == 2
    assert "Usage: mekong do" in err


@pytest.mark.parametrize("exc", [KeyboardInterrupt(), click.Abort()])
def test_ctrl_c_ends_quietly_with_130(run, exc):
    code, out, err = run(raising(exc))
    assert (code, out, err.strip()) == (130, "", "")


def test_a_fault_of_ours_shows_where_it_is(run):
    with pytest.raises(ZeroDivisionError):
        run(lambda: 1 / 0)


def test_a_command_that_found_something_wrong_exits_with_1(run):
    assert run(lambda: sys.exit(1))[0] == 1
    assert run(lambda: click.get_current_context().exit(1))[0] == 1


def test_what_went_well_exits_with_0(run):
    assert run(lambda: None)[0] == 0


@pytest.mark.processes
def test_a_reader_that_goes_away_is_no_error():
    shown = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m mekong.deploy.cli agency list --known --json | head -c 5"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (shown.stdout, shown.stderr) == ('[{"ag', "")
