"""Each page ``docs/add-a-….md`` is done on a copy of the tree: then its tests are green; without one step a test says what is missing.

Some seconds for each step, so it is not in ``make check``; ``tests/contract/test_guides.py`` looks at the pages there.
"""

from __future__ import annotations

import pytest

from tests.contract import guides

GUIDES = [guides.read(page) for page in guides.PAGES]
STEPS = [pytest.param(guide, step, id=f"{guide.name}-{step.number}") for guide in GUIDES for step in guide.steps]


@pytest.fixture
def tree(tmp_path):
    return guides.copy(tmp_path / "tree")


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_the_steps_of_a_page_make_its_tests_green(guide, tree):
    assert guide.tests, f"{guide.name}: no block that begins with '# test'"
    guides.apply(guide.steps, tree)
    ran = guides.test(tree, *guide.tests, *(step.test for step in guide.steps))
    assert ran.is_green, ran.output


@pytest.mark.parametrize(("guide", "left_out"), STEPS)
def test_without_one_of_its_steps_a_test_says_what_is_missing(guide, left_out, tree):
    guides.apply([step for step in guide.steps if step is not left_out], tree)
    ran = guides.test(tree, left_out.test)
    assert not ran.is_green, f"step {left_out.number} ({left_out.title}) is left out, and {left_out.test} is green"
    assert left_out.says in " ".join(ran.output.split()), ran.output
