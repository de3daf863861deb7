"""Moves a file that was sent to ``done/``, ``failed/`` or ``held/``, and writes its report next to it.

The report says how the file looked when it was sent. So a file that was changed after that is known and sent again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

from mekong.producers.files import looks_of, name_of
from mekong.producers.ledger import Summary
from mekong.producers.report import as_json, as_text

DONE, FAILED, HELD = "done", "failed", "held"
_REPORTS = (".report.json", ".report.txt")


def move_to_archive(path: Path, summary: Summary, looks: tuple[int, int, int]) -> Path | None:
    """Write the reports, then move the file next to them. After a crash in between, the file is found again where it was.

    None when the file no longer ``looks`` as it was sent. Raises OSError when it cannot be moved.
    """
    folder = path.parent / (HELD if summary.held else DONE if summary.good else FAILED)
    folder.mkdir(exist_ok=True)
    target = _free_name(folder, path.name)
    as_data, to_read = reports = [target.with_name(target.name + ending) for ending in _REPORTS]
    account = as_json(summary, name_of(path)) | {"looks": looks}
    _written(as_data, json.dumps(account, indent=2, ensure_ascii=False) + "\n")
    _written(to_read, as_text(summary, name_of(path)))
    if looks_of(path) != looks:  # checked after the report: a later change is newer than the report
        for report in reports:
            report.unlink()
        return None
    path.rename(target)
    return target


def written_again(folder: Path) -> Iterator[Path]:
    """The files in ``done/`` and ``failed/`` that were written to after they were sent: their writer was not done."""
    for away in (folder / DONE, folder / FAILED):
        for report in sorted(away.glob("*" + _REPORTS[0])):
            path = report.with_name(report.name.removesuffix(_REPORTS[0]))
            try:
                if path.stat().st_mtime_ns >= report.stat().st_mtime_ns and _changed(path, report):
                    yield path
            except OSError:  # a person has moved one of the two
                continue


def move_back(path: Path) -> Path:
    """The file in the watched folder again, to be sent once more; its first report stays."""
    target = _free_name(path.parent.parent, path.name)
    path.rename(target)
    return target


def _changed(path: Path, report: Path) -> bool:
    try:
        looks = json.loads(report.read_text(encoding="utf-8")).get("looks")
    except (ValueError, AttributeError):  # somebody else's, or cut off
        return False
    return looks is not None and looks[1:] != list(looks_of(path))[1:]  # a copy of the folder has other inodes


def _free_name(folder: Path, name: str) -> Path:
    """The name itself, or with a number before its suffix when an earlier file, or one of its reports, has it."""
    stem, suffix = Path(name).stem, Path(name).suffix
    candidate, number = folder / name, 1
    while any(os.path.lexists(f"{candidate}{ending}") for ending in ("", *_REPORTS)):
        number += 1
        candidate = folder / f"{stem}-{number}{suffix}"
    return candidate


def _written(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)
