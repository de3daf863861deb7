"""``python3 bootstrap.py base|local|dev``: checks that this machine is suitable, then makes ``.venv`` from the lock of that name.

It runs before anything is installed, so it uses only the standard library, and an older Python can also show what is wrong. When
nothing has changed since the last run, it does nothing and prints nothing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
STAMP = VENV / "mekong-setup.json"
LOWEST = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
RANK = ("base", "local", "dev")
"""Each holds the ones before it."""

PACKAGES_MB = {"base": 7, "local": 323, "dev": 417}
"""Downloads for Linux on x86-64 with Python 3.11, added up from what pip fetched for the locks of 2026-11-22."""
JARS_MB = 44
DISK_MB = {"base": 150, "local": 2_500, "dev": 3_000}
"""What is installed (0.1 to 1.2 GB), pip's copies on the way, and the state of one demo."""
MEMORY_MB = 3_000
"""Kafka 0.3 GB, ClickHouse up to 1 GB, six processes of 0.1 to 0.3 GB each, and some room."""
GLIBC = (2, 28)
"""The glibc that the wheels of pyarrow and numpy need."""
LARGE = re.compile(r"\s*Downloading (?P<name>[^-]+-[^-]+)\S* \((?P<size>\d{2,}\.\d MB)\)")
"""The text that pip prints when it downloads 10 MB or more."""


def main() -> int:
    """Check the machine, then set up. Returns 0 when ``.venv`` is as the lock requires."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else "local"
    if wanted not in RANK:
        print(f"{wanted!r} is not one of {', '.join(RANK)}", file=sys.stderr)
        return 2
    if is_current(wanted):
        return 0
    if sys.version_info < LOWEST:
        return with_newer_python()
    here = measured()
    print(described(here, wanted))
    faults = found_faults(here, wanted)
    if faults:
        print("\n".join(f"This will not do: {fault}" for fault in faults), file=sys.stderr)
        return 2
    return install(wanted)


def with_newer_python() -> int:
    """Start again with a newer Python of this machine, or print that one is needed."""
    for name in NEWER:
        found = shutil.which(name)
        if found:
            os.execv(found, [found, "-I", __file__, *sys.argv[1:]])  # noqa: S606 - no shell is the point
    print(f"Python 3.11 or newer is needed; this is {platform.python_version()}.", file=sys.stderr)
    return 2


def measured() -> dict[str, object]:
    """What this machine has."""
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": platform.libc_ver(),
        "venv": importlib.util.find_spec("venv") is not None and importlib.util.find_spec("ensurepip") is not None,
        "disk_mb": shutil.disk_usage(ROOT).free >> 20,
        "memory_mb": available_memory_mb(),
    }


def available_memory_mb() -> int:
    """Memory that programs can use now, in MB; 0 when the system does not report it."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) >> 10 for line in lines if line.startswith("MemAvailable:")), 0)


def described(here: dict[str, object], wanted: str) -> str:
    """The preflight, to be read by a person."""
    jars = f" and {JARS_MB} MB of Apache Kafka's jars" if wanted != "base" else ""
    tested = "" if (here["system"], here["machine"]) == ("Linux", "x86_64") else "  (not tested: Linux on x86-64 was)"
    return "\n".join(
        [
            f"Python     {here['python']}",
            f"platform   {here['system']} {here['machine']}{tested}",
            f"disk       {here['disk_mb']:,} MB free, up to {DISK_MB[wanted]:,} MB needed",
            f"memory     {here['memory_mb']:,} MB free, {MEMORY_MB:,} MB needed",
            f"download   about {PACKAGES_MB[wanted]} MB of Python packages{jars}, once",
        ],
    )


def found_faults(here: dict[str, object], wanted: str) -> list[str]:
    """Why this machine will not do, a sentence each."""
    faults = []
    libc, release = here["libc"] if isinstance(here["libc"], tuple) else ("", "")
    if here["system"] not in ("Linux", "Darwin"):
        faults.append(f"{here['system']} is not supported. On Windows use WSL 2.")
    if here["system"] == "Linux" and wanted != "base":
        parts = tuple(int(part) for part in str(release).split(".")[:2] if part.isdigit())
        if libc != "glibc" or parts < GLIBC:
            faults.append(f"the engine's package needs glibc {GLIBC[0]}.{GLIBC[1]} or newer; here is {libc or 'another libc'} {release}.")
    if not here["venv"]:
        faults.append("this Python has no venv module. On Debian and Ubuntu: apt install python3-venv.")
    if int(str(here["disk_mb"])) < DISK_MB[wanted]:
        faults.append(f"{DISK_MB[wanted]:,} MB of disk are needed in {ROOT}, {here['disk_mb']:,} MB are free.")
    if wanted != "base" and 0 < int(str(here["memory_mb"])) < MEMORY_MB:
        faults.append(f"{MEMORY_MB:,} MB of memory are needed, {here['memory_mb']:,} MB are free.")
    return faults


def stamped() -> dict[str, str]:
    """What the last set-up left: the lock's name, its fingerprint, and the folder it was made in. Empty when there was none."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def is_current(wanted: str) -> bool:
    """Whether ``.venv`` holds what ``wanted`` needs, installed here from the lock as it is now."""
    stamp = stamped()
    lock = stamp.get("lock")
    if lock not in RANK or stamp.get("folder") != str(ROOT) or not (VENV / "bin" / "python").exists():
        return False
    return RANK.index(lock) >= RANK.index(wanted) and stamp.get("fingerprint") == fingerprint(lock)


def fingerprint(lock: str) -> str:
    """The fingerprint of everything that decides what is installed."""
    return hashlib.sha256((ROOT / "locks" / f"{lock}.txt").read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()


def install(wanted: str) -> int:
    """Make the environment; 0 when all went well."""
    began = time.monotonic()
    python = str(VENV / "bin" / "python")
    lock = ROOT / "locks" / f"{wanted}.txt"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--no-input", "--progress-bar", "off"]
    steps = [
        ("making .venv", [sys.executable, "-m", "venv", "--clear", str(VENV)]),
        ("installing the locked packages", [*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)]),
        ("installing this project", [*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)]),
    ]
    if Path(python).exists() and stamped().get("folder") in (None, str(ROOT)):  # one that was moved has wrong paths in its scripts
        del steps[0]
    STAMP.unlink(missing_ok=True)
    for what, command in steps:
        print(what, flush=True)
        if not run(command):
            return 1
    STAMP.write_text(json.dumps({"lock": wanted, "fingerprint": fingerprint(wanted), "folder": str(ROOT)}), encoding="utf-8")
    print(f"set up in {time.monotonic() - began:.0f} s")
    return 0


def run(command: list[str]) -> bool:
    """Run one step: show what large things it fetches, and its last words when it fails."""
    environment = {**os.environ, "PIP_REQUIRE_VIRTUALENV": "0"}
    said = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment) as child:
        for line in child.stdout or ():
            said.append(line.rstrip())
            large = LARGE.match(line)
            if large:
                print(f"  {large['name']}  {large['size']}", flush=True)
    if child.returncode:
        print("\n".join(said[-15:]), file=sys.stderr)
        print(f"This step failed: {' '.join(command)}", file=sys.stderr)
    return child.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
