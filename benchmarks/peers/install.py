"""The peers' own environment, from locks/peers.txt: what they share with us is there in our version."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.peers import ENVIRONMENT
from mekong.schemas.errors import Fatal

LOCK = Path(__file__).resolve().parents[2] / "locks" / "peers.txt"


def install(said: Callable[[str], None]) -> None:
    """Make the environment when it is missing or not as the lock says. Raises Fatal."""
    stamp = ENVIRONMENT / "lock.json"
    wanted = {"lock": hashlib.sha256(LOCK.read_bytes()).hexdigest()}
    if stamp.exists() and json.loads(stamp.read_text(encoding="utf-8")) == wanted:
        return
    said("installing Quix Streams 3.28.1, Bytewax 0.21.1 and what they need (about 90 MB) into benchmarks/peers/.venv")
    python = str(ENVIRONMENT / "bin" / "python")
    # Without resolving: Quix Streams asks for an older pydantic than ours, and runs on ours.
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input", "--no-deps"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)],
        [*pip, "--require-hashes", "--only-binary", ":all:", "--requirement", str(LOCK)],
    ):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Fatal(f"The peers could not be installed: {done.stderr.strip()[-1_000:]}")
    stamp.write_text(json.dumps(wanted), encoding="utf-8")
