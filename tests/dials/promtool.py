"""Runs Prometheus's own tool. It is in the Debian package ``prometheus``; root of a Debian gets it installed."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from tests.debian import installed, on_path


@cache
def promtool() -> str:
    """Where the tool is."""
    installed("promtool", on_path("promtool"), "prometheus")
    return str(shutil.which("promtool"))


def check(*arguments: str | Path) -> str:
    """What ``promtool check …`` prints. Fails with it when the tool refuses the file."""
    return _run("check", *arguments)


def _run(*arguments: str | Path) -> str:
    done = subprocess.run([promtool(), *map(str, arguments)], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.fail(f"promtool {' '.join(map(str, arguments[:2]))}:\n{done.stdout[-4_000:]}{done.stderr[-4_000:]}", pytrace=False)
    return done.stdout
