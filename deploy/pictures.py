"""Makes the pictures in ``docs/pictures``: what real commands print on the stack of ``mekong demo``. It takes about five minutes.

``python -m mekong.deploy.pictures`` (or ``make pictures``) writes them. Texts that belong to one run only (its time, folder, ports,
process numbers, and the ids that its secret makes) are replaced by a fixed value. So a picture changes only when the output changes.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from mekong.deploy import sheet_pictures
from mekong.deploy.dials.prometheus import PORTS

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "pictures"
READY = "Ctrl-C stops everything."
DEMO_COLUMNS = 100
DEMO_SHOWS = (
    ("Streaming", "     0 s"),
    ("  both files:", ""),
    ("everything is as promised", "Rolling counts"),
    ("The 5 strongest", "3. "),
)
"""How the first line of each shown part of the demo's output begins, and how the line after its last one does ("": a blank line)."""


BY_NAME = "SELECT name, count() AS lines, round(sum(mass_kg)) AS kg FROM seizure_lines GROUP BY name ORDER BY kg DESC LIMIT 8"


class Picture(NamedTuple):
    """What some commands print, under each other."""

    name: str
    columns: int
    commands: Sequence[str]


PICTURES = (
    Picture("alert", 100, ("mekong alerts explain {alert}",)),
    Picture(
        "receipts",
        100,
        (
            "mekong send deploy/demo-data/example.jsonl --format json",
            "mekong receipts --agency US-MIAMI-FIELD-OFFICE | tail -6",
        ),
    ),
    Picture("sql", 100, (f'mekong sql "{BY_NAME}"',)),
    Picture("verify", 100, ("mekong verify",)),
    Picture("status", 100, ("mekong status",)),
)
"""The pictures that are made in this order, next to ``demo``."""

ID = re.compile(r"\b([0-9a-f]{8})\b(-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})?")
FIXED = (
    (r"(http://\S*127\.0\.0\.1):\d+", r"\1:8123"),
    (r"http://127\.0\.0\.1:\d+", "http://localhost:8080"),
    *((rf"\b{name} \d{{4,5}}\b", f"{name} {port}") for name, port in PORTS.items()),
    (r"(?<=/console\?key=)[\w-]+", "…"),
    (r"(?<!@)127\.0\.0\.1:\d+", "127.0.0.1:9092"),
    (r"as promised \([\d.]+ s\)", "as promised (27.6 s)"),
    (r"(?<= up {6})\d+ +", "4711    "),
    (r"(?<= )pid +", "pid     "),
    (r"\b\d+ (?:s|min|h) ago", "4 s ago"),
)
"""What differs from run to run -> what the picture has instead."""

SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
  <style>
    .{unique_id}-matrix {{
      font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
      font-size: {char_height}px;
      line-height: {line_height}px;
    }}
    .{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
    {styles}
  </style>
  <defs>
    <clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
    {lines}
  </defs>
  {chrome}
  <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix" xml:space="preserve">{matrix}</g>
  </g>
</svg>
"""
"""Rich's own form without the fonts that it loads from the web."""


def main() -> None:
    """Start the demo, run every command on its stack, and write the pictures."""
    FOLDER.mkdir(exist_ok=True)
    sys.stdout.write(f"{sheet_pictures.write(FOLDER)}\n")
    with tempfile.TemporaryDirectory() as folder, _demo(Path(folder)) as (printed, environment):
        fixed = Fixed(Path(folder))
        _write("demo", [("make demo", "\n".join(_parts(printed)))], DEMO_COLUMNS, fixed)
        alert = _strongest(_printed("mekong alerts --json --last 5000", environment))
        for picture in PICTURES:
            shown = [(command, _printed(command, environment)) for command in (one.format(alert=alert) for one in picture.commands)]
            _write(picture.name, shown, picture.columns, fixed)


@contextmanager
def _demo(home: Path) -> Iterator[tuple[list[str], Mapping[str, str]]]:
    """The lines that ``mekong demo`` prints until it is ready, and the environment of commands on its stack."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "COLUMNS": "200"}
    process = subprocess.Popen(
        [sys.executable, "-m", "mekong.deploy.cli", "demo"],
        cwd=ROOT,
        env={**environment, "MEKONG_HOME": str(home)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            if lines[-1] == READY:
                break
        yield lines, {**environment, "MEKONG_HOME": str(home / "demo")}
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def _printed(command: str, environment: Mapping[str, str]) -> str:
    return subprocess.run(["sh", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


def _strongest(lines: str) -> str:
    """The id of the least probable spike of an agency, in the state that reports it. After its end, its figures are usual again."""
    alerts = [alert for alert in map(json.loads, lines.splitlines()) if alert["kind"] == "SPIKE" and alert["state"] != "cleared"]
    found = max((alert for alert in alerts if alert.get("agency")), key=lambda alert: alert["explain"].get("bits", 0))
    return str(found["alert_id"])[:8]


def _parts(lines: Sequence[str]) -> Iterator[str]:
    """The parts of the demo's output that are shown."""
    for number, (first, after) in enumerate(DEMO_SHOWS):
        start = next(at for at, line in enumerate(lines) if line.startswith(first))
        end = next(at for at in range(start, len(lines)) if (lines[at].startswith(after) if after else not lines[at]))
        if number:
            yield "..."
        yield from lines[start:end]


def _write(name: str, shown: Sequence[tuple[str, str]], columns: int, fixed: Fixed) -> None:
    drawn = svg(name, [(fixed(command), fixed(printed)) for command, printed in shown], columns)
    (FOLDER / f"{name}.svg").write_text(drawn, encoding="utf-8")


class Fixed:
    """Replaces what belongs to one run: its folder, days, ports, process numbers, ids."""

    def __init__(self, home: Path) -> None:
        self._home = str(home)
        self._began = datetime.now(UTC)
        self._ids: dict[str, str] = {}

    def __call__(self, printed: str) -> str:
        """The text with fixed values. The same id always gets the same value."""
        printed = ID.sub(self._id, printed.replace(self._home, ".mekong"))
        for day in {f"{self._began:%Y-%m-%d}", f"{datetime.now(UTC):%Y-%m-%d}"}:
            printed = re.sub(rf"{day} \d\d:\d\d(:\d\d)?", lambda found: "2026-05-03 08:02" + (":12" if found[1] else ""), printed)
        for pattern, value in FIXED:
            printed = re.sub(pattern, value, printed)
        return printed

    def _id(self, found: re.Match[str]) -> str:
        short = self._ids.setdefault(found[1], sha256(str(len(self._ids)).encode()).hexdigest()[:8])
        return short + ("-1b2c-5d3e-8f40-5a6b7c8d9e0f" if found[2] else "")


def svg(name: str, shown: Sequence[tuple[str, str]], columns: int) -> str:
    """A terminal in which the commands were given and have printed this. The same arguments give the same text."""
    console = Console(record=True, width=columns, file=io.StringIO(), highlight=False, emoji=False)
    for number, (command, printed) in enumerate(shown):
        lines = [line.rstrip() for line in printed.strip("\n").splitlines()]
        console.print(Text("\n" * bool(number) + f"$ {command}", style="bold green"))
        console.print(Text("\n".join(lines)))
    drawn = console.export_svg(title="", code_format=SVG, unique_id=f"picture-{name}")
    drawn = re.sub(r"<text [^>]*>\s*</text>", "", drawn)  # the ends of lines
    return "".join(f"{line.rstrip()}\n" for line in drawn.splitlines() if line.strip())


if __name__ == "__main__":
    main()
