"""The documentation says what the code does: links resolve, what is generated is current, every command is named, decisions are whole."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import mekong
from mekong.deploy import documents, reference

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
HEADINGS = ["Context", "Choice", "Figures", "What it costs"]
AGAIN = "run `.venv/bin/python -m mekong.deploy.documents`"


def test_every_place_that_contributing_names_is_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = text.partition("## Where things are")[2].partition("## How the code reads")[0]
    places = {place for row in re.findall(r"^\|(.+)\|$", rows, re.MULTILINE) for place in re.findall(r"`([\w.-]+(?:/[\w.-]+)+)`", row)}
    assert len(places) > 20
    assert not (missing := sorted(place for place in places if not (ROOT / place).exists())), f"CONTRIBUTING.md: {missing}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Path):
    for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{page.name}: {link}"
        if heading:
            assert heading in anchors(target), f"{page.name}: {link}"


def test_the_page_of_commands_is_what_the_commands_say():
    # apart: click remembers options of other tests
    asked = "import sys; from mekong.deploy import documents; sys.stdout.write(documents.commands())"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert documents.COMMANDS.read_text(encoding="utf-8") == said, AGAIN


@pytest.mark.parametrize("page", documents.PAGES, ids=lambda page: page.name)
def test_what_stands_between_marks_is_what_the_code_says(page: Path):
    text = page.read_text(encoding="utf-8")
    for _, part, says, _ in documents.MARK.findall(text):
        assert says == documents.PARTS[part](), f"{page.name}: {part} is not what the code says: {AGAIN}"


@pytest.mark.parametrize("part", documents.PARTS)
def test_every_part_stands_on_a_page(part: str):
    assert any(part == found[1] for page in documents.PAGES for found in documents.MARK.findall(page.read_text(encoding="utf-8"))), part


def test_the_reference_of_the_python_api_is_what_the_code_says():
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), AGAIN


def test_every_public_name_stands_in_one_section_of_the_reference():
    named = [name for names in reference.SECTIONS.values() for name in names]
    assert sorted(named) == sorted(mekong.__all__)


def test_every_command_has_help_with_an_example_and_stands_in_the_documentation():
    text = documents.COMMANDS.read_text(encoding="utf-8")
    for command, context in documents.every_command():
        assert "Example:" in (command.help or ""), context.command_path
        assert f"### `{context.command_path}`" in text, context.command_path


def test_every_command_that_a_page_shows_is_one():
    known = {context.command_path for _, context in documents.every_command()}
    for page in PAGES:
        for shown in re.findall(
            r"(?:^|[`\s/;])(?<!from )(mekong [a-z]+(?: [a-z]+)?)", "\n".join(CODE.findall(page.read_text(encoding="utf-8")))
        ):
            group, _, below = shown.partition(" ")[2].partition(" ")
            assert f"mekong {group}" in known, f"{page.name}: {shown}"
            if any(one.startswith(f"mekong {group} ") for one in known) and below:
                assert f"mekong {group} {below}" in known, f"{page.name}: {shown}"


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)
def test_a_decision_has_context_choice_figures_and_what_it_costs(page: Path):
    text = page.read_text(encoding="utf-8")
    assert re.match(rf"# {page.name[:4]} \S", text)
    assert [heading for heading in re.findall(r"^## (.+)$", text, re.MULTILINE) if heading in HEADINGS] == HEADINGS


def test_the_index_of_decisions_names_every_one():
    index = (ROOT / "docs" / "decisions" / "README.md").read_text(encoding="utf-8")
    assert LINK.findall(index) == [page.name for page in DECISIONS]


def anchors(page: Path) -> set[str]:
    """Headings as a browser of the repository names them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
