"""The registry of formats is complete, and each format keeps its contract."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import producers.formats
from producers.formats import BY_NAME, FORMATS
from producers.parsed import Parsed
from schemas.messages import MESSAGE
from schemas.rejected import Reason, Rejected

EXAMPLES = Path(__file__).parents[1] / "examples" / "formats"
DOCS = Path(__file__).parents[2] / "docs" / "add-a-format.md"
MODULES = [name for _, name, _ in pkgutil.iter_modules(producers.formats.__path__) if not name.endswith("_codes")]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_of_the_folder_is_registered(name):
    assert importlib.import_module(f"producers.formats.{name}").FORMAT in FORMATS


def test_names_are_unique_and_those_of_the_modules():
    assert sorted(BY_NAME) == sorted(MODULES)
    assert len(BY_NAME) == len(FORMATS)


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_every_format_has_a_sentence_of_help(format_):
    assert format_.purpose.endswith(".")


@pytest.mark.parametrize("name", MODULES)
def test_every_format_is_documented(name):
    assert f"`{name}`" in DOCS.read_text()


@pytest.mark.parametrize("name", MODULES)
def test_every_format_has_good_and_bad_examples(name):
    assert {path.parent.name for path in (EXAMPLES / name).glob("*/*")} == {"good", "bad"}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/good/*")), ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_a_good_example_gives_only_valid_messages(path):
    found = list(BY_NAME[path.parts[-3]].parse([path.read_bytes()]))
    assert found
    for item in found:
        assert isinstance(item, Parsed), item
        message = MESSAGE.validate_json(item.value)
        assert (message.agency, message.case_no) == (item.agency, item.case_no)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/bad/*")), ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_a_bad_example_is_rejected_for_the_reason_its_name_gives(path):
    found = [item for item in BY_NAME[path.parts[-3]].parse([path.read_bytes()]) if isinstance(item, Rejected)]
    assert Reason(path.stem.partition("-")[0]) in {item.reason for item in found}
    assert all(item.detail for item in found)


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_a_profile_is_of_the_agency_asked_for_or_none(format_):
    assert format_.profile("ZZ-NOBODY") is None
    for path in sorted((EXAMPLES / format_.name / "good").iterdir()):
        for item in format_.parse([path.read_bytes()]):
            profile = format_.profile(item.agency)
            assert profile is None or profile.agency == item.agency
