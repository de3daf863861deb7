"""docs/analysts.md: each question is asked again on the data of the demo, and its result is what the page shows.

``MEKONG_WRITE_PAGE=1`` writes the results into the page.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from mekong.deploy.cli.ask import sql
from tests.integration.demo_journal import store_demo

PAGE = Path(__file__).parents[2] / "docs" / "analysts.md"
QUESTION = re.compile(r"(### \d+\. .*?\n```sql\n(.*?)```\n)(?:```text\n(.*?)```\n)?", re.DOTALL)


@pytest.fixture(scope="module")
def demo(clickhouse: str) -> str:
    """A database with the seizures of the demo."""
    url = f"{clickhouse.rpartition('/')[0]}/analysts_page"
    store_demo(url)
    return url


def printed(url: str, question: str) -> str:
    """What `mekong sql` prints."""
    done = CliRunner().invoke(sql, [question], env={"MEKONG_CLICKHOUSE_URL": url, "COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return "\n".join(line.rstrip().removeprefix(" ") for line in done.output.splitlines()).strip() + "\n"


def test_each_question_has_the_result_that_the_page_shows(demo):
    page = PAGE.read_text(encoding="utf-8")
    found = QUESTION.findall(page)
    results = {question: printed(demo, question) for _, question, _ in found}
    if os.environ.get("MEKONG_WRITE_PAGE"):
        PAGE.write_text(QUESTION.sub(lambda one: f"{one[1]}```text\n{results[one[2]]}```\n", page), encoding="utf-8")
    else:
        assert {question: shown for _, question, shown in found} == results
    assert len(found) == 10
    assert all(len(result.splitlines()) > 3 for result in results.values())
