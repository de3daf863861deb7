"""Runs Prometheus's own tool. It is in the Debian package ``prometheus``; root of a Debian gets it installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest


@cache
def promtool() -> str:
    """Where the tool is."""
    if not shutil.which("promtool") and shutil.which("apt-get") and os.geteuid() == 0:
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "prometheus"]):
            print("apt-get", *command)
            subprocess.run(["apt-get", *command], check=True, timeout=280, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})
    if not (found := shutil.which("promtool")):
        pytest.fail("these tests need promtool: install the Debian package prometheus", pytrace=False)
    return found


def check(*arguments: str | Path) -> str:
    """What ``promtool check …`` prints. Fails with it when the tool refuses the file."""
    return _run("check", *arguments)


def _run(*arguments: str | Path) -> str:
    done = subprocess.run([promtool(), *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.fail(f"promtool {' '.join(map(str, arguments[:2]))}:\n{done.stdout[-4_000:]}{done.stderr[-4_000:]}", pytrace=False)
    return done.stdout
