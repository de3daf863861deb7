"""Compiles and runs Java without a JDK: the compiler of Eclipse as a locked jar, and the Java that runs Kafka."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from mekong.deploy.local import jars
from mekong.deploy.local.java import find_java

COMPILER = jars.Jar("org.eclipse.jdt", "ecj", "3.44.0", "14c46ddc2e511c46c998da728f6a80f13a689c920f3832402f7ad150f6a6188d")
RELEASE = "17"


def compiled(sources: Sequence[Path], to: Path) -> str:
    """The class path of the classes and of Kafka's jars. Fails with what the compiler says."""
    compiler = jars._checked(jars.cache_folder() / "jars", COMPILER)
    kafka = ":".join(map(str, jars.fetch()))
    said = _java(["-jar", compiler, "--release", RELEASE, "-nowarn", "-proc:none", "-cp", kafka, "-d", to, *sources])
    assert "ERROR" not in said, said
    return f"{to}:{kafka}"


def run(class_path: str, *arguments: str | Path, env: Mapping[str, str] | None = None) -> str:
    """What a class prints. Fails with all that it said when it does not end with 0."""
    return _java(["-cp", class_path, *arguments], env)


def _java(arguments: Sequence[str | Path], env: Mapping[str, str] | None = None) -> str:
    command = [find_java().path, "-XX:TieredStopAtLevel=1", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False, env={**os.environ, **(env or {})})
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout + done.stderr
