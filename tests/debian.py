"""Installs Debian packages that a test needs. Two tests that run at the same time wait for each other."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

_WITHIN_S = 280


def installed(what: str, there: Callable[[], bool], *packages: str) -> None:
    """Return when ``what`` is there. Root of a Debian gets the packages installed, and is told; elsewhere the test fails."""
    if there():
        return
    with (Path(tempfile.gettempdir()) / f"mekong-tests-apt-{os.geteuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # ends with the process
        if not there() and shutil.which("apt-get") and os.geteuid() == 0:
            for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
                print("apt-get", *command)
                environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
                waits = ("-o", f"DPkg::Lock::Timeout={_WITHIN_S}")
                subprocess.run(["apt-get", *waits, *command], check=True, timeout=_WITHIN_S, env=environment)
    if not there():
        pytest.fail(f"these tests need {what}: install {' and '.join(packages)} (Debian)", pytrace=False)


def on_path(*programs: str) -> Callable[[], bool]:
    """Whether all these programs can be called."""
    return lambda: all(shutil.which(program) for program in programs)
