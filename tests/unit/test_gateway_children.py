"""The child processes that read sheets: how one may end, what that answers, and that the next sheet is read."""

from __future__ import annotations

import asyncio

import pytest

from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.sheets.children import Children
from mekong.producers.gateway.sheets.proposing import looked
from mekong.producers.gateway.sheets.upload import Upload
from tests.unit.test_gateway import AGENCY

pytestmark = pytest.mark.processes

CSV = b"Case number,Date,Goods,Quantity,Unit\n2026-1,2026-05-03,heroin,1.5,kg\n"


@pytest.fixture
def children():
    found = Children()
    yield found
    found.close()


@pytest.fixture
def working(monkeypatch, tmp_path):
    """Makes children whose work is an expression, after a statement about ``main``, the module of the child."""
    made = []

    def make(expression: str, statement: str = "pass") -> Children:
        text = f"import sys\nmain = sys.modules['__main__']\n{statement}\nmain.WORKS = (lambda *_: {expression},) * 9\n"
        (tmp_path / "greedy.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        made.append(Children(("greedy",)))
        return made[-1]

    yield make
    for one in made:
        one.close()


async def look(children: Children) -> int:
    return len((await children.run(AGENCY, looked, Upload(CSV), AGENCY)).cases)


def refused(children: Children) -> Problem:
    with pytest.raises(Problem) as found:
        asyncio.run(look(children))
    return found.value


@pytest.mark.parametrize(
    ("expression", "statement"),
    [
        ("main.os.kill(main.os.getpid(), 9)", "pass"),
        ("main.os.abort()", "pass"),
        ("bytes(2_000)", "main.MOST_ANSWER = 1_000"),
        ("open(main.os.memfd_create('a'), 'wb').write(bytes(10**6))", "main.MOST_FILE = 1_000"),
    ],
    ids=["killed", "aborted", "a long answer", "a long file in memory"],
)
def test_a_child_that_needs_too_much_is_413(working, expression, statement):
    found = refused(working(expression, statement))
    assert (found.status, found.more["reason"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("expression", "logged"),
    [("main.os._exit(3)", "ended with 3"), ("int('a secret')", "ValueError"), ("main.os.kill(main.os.getpid(), 15)", "-15")],
)
def test_a_child_that_ends_for_another_reason_is_503_and_the_log_says_how(working, caplog, expression, logged):
    found = refused(working(expression))
    assert (found.status, "retry-after" in found.headers) == (503, True)
    assert logged in caplog.text
    assert "secret" not in caplog.text


def test_a_child_that_ended_while_it_waited_costs_no_sheet(children):
    assert asyncio.run(look(children)) == 1
    children._spare.terminate()
    children._spare.wait()
    assert asyncio.run(look(children)) == 1


def test_a_child_reads_no_code_of_the_working_folder(children, monkeypatch, tmp_path):
    (tmp_path / "openpyxl.py").write_text("raise SystemExit(1)\n")
    monkeypatch.chdir(tmp_path)
    assert asyncio.run(look(children)) == 1


def test_what_cannot_be_given_to_a_child_does_not_keep_the_agency_busy(children):
    with pytest.raises(Exception, match="pickle") as found:
        asyncio.run(children.run(AGENCY, looked, lambda: 0))
    assert not isinstance(found.value, Problem)
    assert asyncio.run(look(children)) == 1


def test_the_end_of_the_gateway_does_not_wait_for_a_child_that_reads(working):
    children = working("__import__('time').sleep(3_600)")

    async def story() -> int:
        asking = asyncio.ensure_future(look(children))
        while not children._running:  # noqa: ASYNC110 - nothing else says that a child reads
            await asyncio.sleep(0.01)
        children.close()
        with pytest.raises(Problem) as found:
            await asking
        return found.value.status

    assert asyncio.run(story()) == 503
