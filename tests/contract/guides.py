"""Reads a page ``docs/add-a-….md`` and does what it says on a copy of the tree: so the tests prove that a page is true and complete.

The form of a page (docs/add-a-format.md is one):

- Each step is a heading ``### 1. Write the module``. Its fenced blocks are what the reader does:
  - a block whose first line is ``# file: path`` is a new file of the other lines;
  - a ``diff`` block whose first line is ``# file: path`` changes that file: lines with ``-`` go, lines with ``+`` come, lines with a blank
    before them stay. What goes and stays must be in the file exactly once;
  - a block whose first line is ``# run`` holds commands (``.venv/bin/…``).
- Each step ends with a line "Without this step `tests/….py::test_…` says `these words`." The words must be in what that test prints.
- One block whose first line is ``# test`` names the tests that are green when every step is done.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("add-a-*.md"))
_STEP = re.compile(r"^### (\d+)\. (.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^(`{3,})(\w*)\n(.*?)^\1$", re.MULTILINE | re.DOTALL)
_WITHOUT = re.compile(r"^Without this step `([^`]+)` says `([^`]+)`", re.MULTILINE)
_HEADING = re.compile(r"^## ", re.MULTILINE)
_WITHIN_S = 240


class Block(NamedTuple):
    """One fenced block that does something."""

    does: str
    """file, diff, run or test."""
    path: str
    lines: list[str]


class Step(NamedTuple):
    """One step of a page."""

    number: int
    title: str
    blocks: list[Block]
    test: str
    """Fails as long as the step is not done."""
    says: str


class Guide(NamedTuple):
    """One page."""

    name: str
    steps: list[Step]
    tests: list[str]


class Ran(NamedTuple):
    """What pytest said."""

    is_green: bool
    output: str


def read(page: Path) -> Guide:
    """The steps of a page and its tests."""
    text = page.read_text(encoding="utf-8")
    starts = list(_STEP.finditer(text))
    steps = []
    for start, end in zip(starts, [*(after.start() for after in starts[1:]), len(text)], strict=False):
        part = text[start.end() : end]
        if section := _HEADING.search(_BLOCK.sub(lambda block: " " * len(block[0]), part)):
            part = part[: section.start()]
        without = _WITHOUT.search(part)
        assert without, f"{page.name}, step {start[1]}: no line 'Without this step `test` says `words`'"
        blocks = [block for block in _blocks(part) if block.does != "test"]
        assert blocks, f"{page.name}, step {start[1]}: no block with '# file: path' or '# run' as its first line"
        steps.append(Step(int(start[1]), start[2], blocks, without[1], without[2]))
    assert [step.number for step in steps] == [*range(1, len(steps) + 1)], f"{page.name}: the steps are not numbered 1, 2, 3, …"
    return Guide(page.stem, steps, [line for block in _blocks(text) if block.does == "test" for line in _tests(block)])


def copy(into: Path) -> Path:
    """The files of the tree that git knows or would add, with their links, and nothing else."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, into / name
        if source.is_symlink() or source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
    return into


def apply(steps: Iterable[Step], tree: Path, *, with_commands: bool = True) -> None:
    """Do the steps: first every file, then every command, as a person would run them once at the end."""
    blocks = [(step, block) for step in steps for block in step.blocks]
    for step, block in blocks:
        if block.does != "run":
            _change(tree / block.path, block, f"step {step.number}, {block.path}")
    for _, block in blocks:
        if block.does == "run" and with_commands:
            for line in block.lines:
                run(tree, *_command(line))


def run(tree: Path, *arguments: str) -> Ran:
    """A module of the tree (``pytest -q …``), in a process of its own that sees this tree and no other."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "MEKONG_"))}
    ended = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=tree,
        env=environment | {"PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
        check=False,
    )
    return Ran(ended.returncode == 0, ended.stdout + ended.stderr)


def test(tree: Path, *names: str) -> Ran:
    """The named tests, in the tree."""
    return run(tree, "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "no:xdist", *names)


test.__test__ = False  # type: ignore[attr-defined]  # pytest is not to collect it


def _blocks(text: str) -> list[Block]:
    found = []
    for _, language, body in _BLOCK.findall(text):
        first, _, rest = body.partition("\n")
        word, _, path = first.removeprefix("# ").partition(": ")
        if first.startswith("# ") and word in {"file", "run", "test"}:
            found.append(Block("diff" if language == "diff" else word, path.strip(), rest.splitlines()))
    return found


def _change(path: Path, block: Block, where: str) -> None:
    if block.does == "file":
        assert not path.exists(), f"{where}: is already there"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*block.lines, ""]), encoding="utf-8")
        return
    assert path.exists(), f"{where}: is not there"
    here = path.read_text(encoding="utf-8").split("\n")
    before = [line[1:] for line in block.lines if not line.startswith("+")]
    after = [line[1:] for line in block.lines if not line.startswith("-")]
    places = [place for place in range(len(here)) if here[place : place + len(before)] == before]
    assert before, f"{where}: give a line that stays, so that the place can be found"
    assert len(places) == 1, f"{where}: these lines are in the file {len(places)} times, not once:\n" + "\n".join(before)
    path.write_text("\n".join(here[: places[0]] + after + here[places[0] + len(before) :]), encoding="utf-8")


def _tests(block: Block) -> list[str]:
    """``.venv/bin/pytest -q tests/a.py tests/b.py``: the tests it names."""
    return [word for line in block.lines for word in shlex.split(line) if word.startswith("tests/")]


def _command(line: str) -> list[str]:
    words = shlex.split(line)
    if words[0] == ".venv/bin/mekong":
        return ["mekong.deploy.cli", *words[1:]]
    assert words[:2] == [".venv/bin/python", "-m"], f"{line}: a command is .venv/bin/mekong … or .venv/bin/python -m …"
    return words[2:]
