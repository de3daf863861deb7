"""Prints when each alert fires in each recording, in minutes after the fault began: ``python -m tests.dials.fired``.

promtool shows what it got only where an expectation does not hold. So nothing is expected at each moment, and what it prints is read.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from mekong.deploy.dials.write import RULES_FILE
from tests.dials.promtool import promtool
from tests.dials.record import FOLDER

EVERY_S = 15
_FAILED = re.compile(r"time: (\S+),\s+exp: nil\s+got: (.*?)(?=\n\s*expr:|\Z)", re.DOTALL)


def fired(recording: dict[str, Any]) -> dict[str, list[float]]:
    """Alert -> the moments at which it fires, in seconds after the first scrape."""
    moments = range(0, int(recording["lasts"].removesuffix("s")) + 1, EVERY_S)
    asked = [{"expr": 'group by (alertname) (ALERTS{alertstate="firing"})', "eval_time": f"{at}s", "exp_samples": []} for at in moments]
    one = {"interval": f"{EVERY_S}s", "input_series": recording["input_series"], "promql_expr_test": asked}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "test.yaml"
        file.write_text(
            yaml.safe_dump({"rule_files": [str(RULES_FILE)], "evaluation_interval": f"{EVERY_S}s", "tests": [one]}, width=10_000)
        )
        said = subprocess.run([promtool(), "test", "rules", str(file)], capture_output=True, text=True, timeout=120, check=False)
    found: dict[str, list[float]] = {}
    output = said.stdout + said.stderr
    assert ("SUCCESS" in output) == (said.returncode == 0), output
    for at, got in _FAILED.findall(output):
        for name in re.findall(r'alertname="(\w+)', got):
            found.setdefault(name, []).append(_seconds(at))
    assert bool(found) == bool(said.returncode), f"promtool says something else:\n{output[:2_000]}"
    return found


def _seconds(text: str) -> float:
    return sum(float(number) * {"h": 3_600, "m": 60, "s": 1}[unit] for number, unit in re.findall(r"([\d.]+)([hms])", text))


def main() -> None:
    """One line for each recording and alert."""
    for path in sorted(FOLDER.glob("*.yaml")):
        recording = yaml.safe_load(path.read_text(encoding="utf-8"))
        began = float(recording["begins"].removesuffix("s"))
        times = [f"{name} {(min(at) - began) / 60:.2f} to {(max(at) - began) / 60:.2f}" for name, at in fired(recording).items()]
        sys.stdout.write(f"{path.stem}: {'; '.join(times) or 'no alert'}\n")


if __name__ == "__main__":
    main()
