"""A Python environment for what may not be among our own packages. It is made once for each requirements file, in the user's cache."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mekong.deploy.local.jars import cache_folder


def python_with(requirements: Path) -> Path:
    """The Python of the environment. It is complete when it is there: it is made under another name."""
    fingerprint = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:24]
    environment = cache_folder() / "python" / fingerprint
    if not environment.exists():
        environment.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=environment.parent))
        _run(sys.executable, "-m", "venv", made)
        pip = [made / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-input"]
        _run(*pip, "--require-hashes", "--only-binary", ":all:", "-r", requirements)
        try:
            made.rename(environment)
        except OSError:  # another test run was faster
            shutil.rmtree(made)
    return environment / "bin" / "python"


def _run(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
