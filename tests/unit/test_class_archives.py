"""Class-data archives: used when they are there, made when they are not, and never needed."""

from __future__ import annotations

import subprocess

import pytest

from mekong.deploy.local.classes import Archives
from mekong.deploy.local.java import Java

SHARES = Java("java", 'openjdk version "17"\nOpenJDK 64-Bit Server VM (mixed mode, sharing)')
ALONE = Java("java", 'openjdk version "25"\nOpenJDK 64-Bit Server VM (mixed mode)')


@pytest.fixture
def archives(tmp_path):
    return lambda java=SHARES, program="kafka-1 a.jar b.jar", run="run": Archives(
        tmp_path / "classes", java, ("-XX:+UseSerialGC",), program, run
    )


@pytest.fixture
def dumped(monkeypatch):
    """Java's own archive is written, without Java."""
    asked = []

    def run(command, **_):
        asked.append(command)
        open(command[-1].partition("=")[2], "wb").close()  # noqa: PTH123

    monkeypatch.setattr(subprocess, "run", run)
    return asked


def leave_behind(archives):
    """What Java does when it ends in order."""
    option = archives.options()[-1]
    assert option.startswith("-XX:ArchiveClassesAtExit=")
    open(option.partition("=")[2], "wb").close()  # noqa: PTH123


def test_a_run_that_ended_in_order_leaves_an_archive_for_the_next(archives, dumped):
    archives().prepare()
    assert dumped == []
    leave_behind(archives())
    archives().ended(in_order=True)
    assert archives().options()[0].startswith("-XX:SharedArchiveFile=")
    assert ".jsa:" not in archives().options()[0]


def test_a_run_that_was_killed_leaves_none(archives):
    archives().prepare()
    leave_behind(archives())
    archives().ended(in_order=False)
    assert archives().options()[0].startswith("-XX:ArchiveClassesAtExit=")
    assert list(archives().folder.iterdir()) == []


def test_a_java_without_an_archive_of_its_own_gets_one_first_and_both_are_used(archives, dumped):
    archives(ALONE).prepare()
    archives(ALONE).prepare()
    assert len(dumped) == 1
    leave_behind(archives(ALONE))
    archives(ALONE).ended(in_order=True)
    assert archives(ALONE).options()[0].count(".jsa") == 2


def test_a_java_that_cannot_make_one_runs_without(archives, monkeypatch):
    def refuses(*_, **__):
        raise subprocess.CalledProcessError(1, "java")

    monkeypatch.setattr(subprocess, "run", refuses)
    archives(ALONE).prepare()
    assert archives(ALONE).options() == []


def test_another_java_other_jars_and_another_run_do_not_share(archives):
    options = {archives(program="kafka-1 a.jar").options()[0], archives(program="kafka-1 b.jar").options()[0]}
    options |= {archives(run="other").options()[0], archives(SHARES._replace(said="17.0.1 sharing")).options()[0]}
    assert len(options) == 4
