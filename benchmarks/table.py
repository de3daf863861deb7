"""Measured figures in, a table in Markdown out: the same on the terminal and in docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path

DOC = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with its columns padded, so that it reads well as plain text too. Numbers stand to the right."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    right = [bool(rows) and all(row[column][:1].isdigit() or row[column] in {"", "-"} for row in rows) for column in range(len(header))]
    lines = [_line(cells[0], widths, right)]
    lines.append("| " + " | ".join("-" * (width - 1) + (":" if end else "-") for width, end in zip(widths, right, strict=True)) + " |")
    lines += [_line(row, widths, right) for row in cells[1:]]
    return "\n".join(lines)


def write(doc: Path, name: str, text: str) -> None:
    """Put the text of a part between its two marks. Raises ValueError when the document has none."""
    begin, end = f"<!-- {name}: measured -->", f"<!-- {name}: end -->"
    whole = doc.read_text(encoding="utf-8")
    first, last = whole.index(begin) + len(begin), whole.index(end)
    doc.write_text(f"{whole[:first]}\n\n{text}\n\n{whole[last:]}", encoding="utf-8")


def machine() -> str:
    """One line on what this was measured on."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{_processor()}, {os.cpu_count()} cores, {gib:.0f} GiB, {platform.system()}, Python {platform.python_version()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [cell.rjust(width) if end else cell.ljust(width) for cell, width, end in zip(row, widths, right, strict=True)]
    return "| " + " | ".join(padded) + " |"
