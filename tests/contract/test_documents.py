"""The documentation says what the code does: links resolve, what is generated is current, every command is named, decisions are whole."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import documents

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
HEADINGS = ["Context", "Choice", "Figures", "What it costs"]
AGAIN = "run `.venv/bin/python -m deploy.documents`"


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
    asked = (
        "import sys; from deploy import documents; sys.stdout.write(documents.commands())"  # apart: click remembers options of other tests
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout
    assert documents.COMMANDS.read_text(encoding="utf-8") == said, AGAIN


def test_the_table_of_topics_is_what_the_code_says():
    text = documents.ARCHITECTURE.read_text(encoding="utf-8")
    assert documents.TOPICS_MARK.search(text)
    assert text == documents.with_topics(text), AGAIN


def test_every_command_has_help_with_an_example_and_stands_in_the_documentation():
    text = documents.COMMANDS.read_text(encoding="utf-8")
    for command, context in documents.every_command():
        assert "Example:" in (command.help or ""), context.command_path
        assert f"### `{context.command_path}`" in text, context.command_path


def test_every_command_that_a_page_shows_is_one():
    known = {context.command_path for _, context in documents.every_command()}
    for page in PAGES:
        for shown in re.findall(r"(?:^|[`\s/;])(mekong [a-z]+(?: [a-z]+)?)", "\n".join(CODE.findall(page.read_text(encoding="utf-8")))):
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
