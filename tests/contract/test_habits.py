"""What a forge, an editor and a release read: the same tools everywhere, the changelog in its form, one place of the version."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
RELEASES = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
FOLDERS = ("mekong", "schemas", "producers", "streams", "sinks", "deploy")
GROUPS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security", "Operators must"]


def sections() -> list[tuple[str, str]]:
    parts = re.split(r"^## (.+)\n", CHANGELOG, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_the_hooks_before_a_commit_run_the_tools_of_make_lint():
    recipe = re.search(r"^lint:.*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    lint = [line.strip().removeprefix("@").replace("$(BIN)", ".venv/bin") for line in recipe.splitlines()]
    config = (ROOT / ".pre-commit-config.yaml").read_text()
    hooks = re.findall(r"entry: (.*)", config)
    assert [tool for tool in lint if tool not in hooks] == [], "`make lint` runs it; .pre-commit-config.yaml does not"
    assert [tool for tool in hooks if tool not in lint] == [], ".pre-commit-config.yaml runs it; `make lint` does not"
    assert re.findall(r"repo: (.*)", config) == ["local"], "a hook from elsewhere is another version of the tool"
    assert re.findall(r"language: (.*)", config) == ["system"] * len(lint)


def test_the_forge_runs_what_everybody_runs_and_nothing_else():
    steps = re.findall(r"- run: (.*)", (ROOT / ".github" / "workflows" / "ci.yml").read_text())
    assert steps == [".ci/run"]
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_changelog_begins_with_what_is_not_released_and_goes_back_in_time():
    assert RELEASES[0] == "Unreleased"
    found = [re.fullmatch(r"(\d+)\.(\d+)\.(\d+) - (\d{4}-\d\d-\d\d)", title) for title in RELEASES[1:]]
    assert all(found), f"not of the form `1.2.3 - 2026-11-28`: {RELEASES[1:]}"
    keys = [(tuple(map(int, one.groups()[:3])), one[4]) for one in found]
    assert keys == sorted(keys, reverse=True)


def test_new_lines_of_the_changelog_do_not_stand_at_its_end():
    assert CHANGELOG.endswith("- Nothing: it is the first release.\n"), "the last lines belong under Unreleased"


@pytest.mark.parametrize(("title", "text"), sections(), ids=RELEASES)
def test_a_section_of_the_changelog_has_its_groups_in_order_and_every_line_in_one(title: str, text: str):
    before, *rest = re.split(r"^### (.*)\n", text, flags=re.MULTILINE)
    names = rest[::2]
    assert not before.strip(), f"{title}: a line before its first group: {before.strip()[:80]!r}"
    assert names == [name for name in GROUPS if name in names], f"{title}: {names} is not in the order of {GROUPS}"
    for name, lines in zip(names, rest[1::2], strict=True):
        assert re.search(r"^- ", lines, re.MULTILINE), f"{title}: {name} is empty"
    if title != "Unreleased":
        assert "Operators must" in names, f"{title}: nothing says what operators must do"


def test_the_version_stands_in_one_place_and_has_a_section_of_the_changelog():
    said = tomllib.loads(PYPROJECT)["project"]["version"]
    assert any(title.startswith(f"{said} - ") for title in RELEASES), f"CHANGELOG.md has no section of {said}"
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    assert len(files) > 200
    named = [path.name for path in files if re.search(r"""__version__ = ["']\d""", path.read_text(encoding="utf-8"))]
    assert named == [], "the version stands in pyproject.toml"


def test_an_upper_bound_or_a_pin_says_what_it_stands_on():
    bounded = re.findall(r'^  "([a-z0-9-]+)[^"]*(?:==|<)[^"]*",(.*)$', PYPROJECT, re.MULTILINE)
    assert bounded
    assert [name for name, comment in bounded if "# " not in comment] == [], "pyproject.toml: no comment says why it has an upper bound"
