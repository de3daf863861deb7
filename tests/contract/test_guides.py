"""The pages ``docs/add-a-….md`` fit the tree as it is, and CONTRIBUTING leads to them. ``tests/e2e/test_guides.py`` does their steps."""

from __future__ import annotations

import pytest

from tests.contract import guides

CONTRIBUTING = guides.ROOT / "CONTRIBUTING.md"


@pytest.mark.parametrize("page", guides.PAGES, ids=lambda page: page.stem)
def test_contributing_leads_to_every_page(page):
    assert f"(docs/{page.name})" in CONTRIBUTING.read_text(encoding="utf-8"), f"{page.name}: CONTRIBUTING.md has no link to it"


@pytest.mark.parametrize("page", guides.PAGES, ids=lambda page: page.stem)
def test_every_step_of_a_page_fits_the_tree_as_it_is(page, tmp_path):
    guide = guides.read(page)
    assert guide.steps, f"{page.name}: no step: a heading such as '### 1. Write the module'"
    assert guide.tests, f"{page.name}: no block that begins with '# test'"
    guides.apply(guide.steps, guides.copy(tmp_path / "tree"), with_commands=False)


@pytest.mark.parametrize("page", guides.PAGES, ids=lambda page: page.stem)
def test_the_tests_that_a_page_names_are_there(page):
    guide = guides.read(page)
    for name in [*guide.tests, *(step.test for step in guide.steps)]:
        file, _, test = name.partition("::")
        made = {block.path: block.lines for step in guide.steps for block in step.blocks if block.does == "file"}
        text = "\n".join(made[file]) if file in made else (guides.ROOT / file).read_text(encoding="utf-8")
        assert f"def {test.partition('[')[0]}(" in text or not test, f"{page.name}: {name} does not exist"
