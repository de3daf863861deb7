"""A section of the weekly summary is registered where it is declared; what is missing is named with its place."""

from __future__ import annotations

import pkgutil

import pytest

from mekong.schemas.languages import LANGUAGES
from mekong.streams.core.notices import weekly
from mekong.streams.core.notices.weekly import SECTIONS

NOT_SECTIONS = {"section", "summary"}


def test_every_module_of_a_section_is_in_sections():
    modules = {one.name for one in pkgutil.iter_modules(weekly.__path__)} - NOT_SECTIONS
    names = {one.name for one in SECTIONS}
    assert modules == names, f"sections {modules ^ names}: not both a module of streams/core/notices/weekly and in its SECTIONS"


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.name)
def test_a_section_has_a_title_in_every_language(section):
    assert set(section.title) == set(LANGUAGES), f"section {section.name}: no title in {set(LANGUAGES) ^ set(section.title)}"
