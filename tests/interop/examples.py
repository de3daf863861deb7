"""The programs of docs/examples: in each language what sends a file for an agency, and gives what it prints."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.interop import java
from tests.interop.node import node, with_packages
from tests.interop.python_env import python_with

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
WITHIN_S = 180


def confluent() -> Path:
    """A Python that has confluent-kafka."""
    return python_with(EXAMPLES / "python" / "requirements.txt")


def programs(folder: Path) -> Mapping[str, Callable[..., str]]:
    """Language -> program. What they need is made in ``folder``. A program takes the agency, the file and ``env``."""
    (folder / "javascript").mkdir()
    script = with_packages(EXAMPLES / "javascript", folder / "javascript") / "send.mjs"
    classes = java.compiled([EXAMPLES / "java" / "Send.java"], folder / "classes")
    return {
        "python": partial(_python, confluent(), EXAMPLES / "python" / "send.py"),
        "java": partial(java.run, classes, "Send"),
        "javascript": partial(node, script, within_s=WITHIN_S),
    }


def messages_of(agency: str, folder: Path) -> Path:
    """The file of the documentation, as this agency would send it."""
    file = folder / f"{agency}.jsonl"
    file.write_text((EXAMPLES / "messages.jsonl").read_text(encoding="utf-8").replace("VN-CUSTOMS", agency), encoding="utf-8")
    return file


def _python(*command: str | Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WITHIN_S, env=dict(env))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
