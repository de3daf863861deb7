"""The registry of formats is complete, and each format keeps its contract."""

from __future__ import annotations

import importlib
import pkgutil
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mekong.producers.formats
from mekong.producers.formats import BY_NAME, FORMATS
from mekong.producers.parsed import Parsed
from mekong.schemas.messages import MESSAGE
from mekong.schemas.rejected import Reason, Rejected

EXAMPLES = Path(__file__).parents[1] / "examples" / "formats"
MODULES = [name for _, name, _ in pkgutil.iter_modules(mekong.producers.formats.__path__) if not name.endswith("_codes")]


GOOD = sorted(EXAMPLES.glob("*/good/*"))
ENDS_A_CELL = set(b",;\t}")


@pytest.mark.parametrize("name", MODULES)
def test_every_module_of_the_folder_is_registered(name):
    found = importlib.import_module(f"mekong.producers.formats.{name}").FORMAT
    assert found in FORMATS, f"format {name}: not in FORMATS of producers/formats/__init__.py"


def test_names_are_unique_and_those_of_the_modules():
    assert sorted(BY_NAME) == sorted(MODULES)
    assert len(BY_NAME) == len(FORMATS)


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_every_format_has_a_sentence_of_help(format_):
    assert format_.purpose.endswith(".")


@pytest.mark.parametrize("kind", ["good", "bad"])
@pytest.mark.parametrize("name", MODULES)
def test_every_format_has_good_and_bad_examples(name, kind):
    assert list((EXAMPLES / name / kind).glob("*")), f"format {name}: no file in tests/examples/formats/{name}/{kind}/"


@pytest.mark.parametrize("path", GOOD, ids=lambda path: f"{path.parts[-3]}-{path.name}")
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


@pytest.mark.parametrize("path", GOOD, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_a_file_cut_anywhere_gives_the_rows_before_and_an_error_for_the_row_that_is_cut(path):
    format_, whole = BY_NAME[path.parts[-3]], path.read_bytes()
    for cut in range(len(whole)):
        start, end = whole.rfind(b"\n", 0, cut) + 1, whole.find(b"\n", cut) if b"\n" in whole[cut:] else len(whole)
        if not whole[start:cut].strip() or not (lost := whole[cut:end].strip()):
            continue
        where = f"{'row' if format_.name == 'sheet' else 'line'} {whole.count(10, 0, cut) + 1}"
        before, found = list(format_.parse([whole[:start]])), list(format_.parse([whole[:cut]]))
        here = [item for item in found if item not in before]
        cases = {item.case_no for item in found if item.where == where or isinstance(item, Rejected)}
        assert [item for item in before if isinstance(item, Parsed) and item.case_no not in cases] == [
            item for item in found if isinstance(item, Parsed) and item.case_no not in cases
        ], f"{path.name} cut at byte {cut}: the rows before it are not those of the whole file"
        if start == 0 or ENDS_A_CELL & set(lost):  # else only the last value is short: the file has no line end, and the sender is asked
            assert {type(item) for item in here} <= {Rejected}, f"{path.name} cut at byte {cut}: a message of {where}"
            assert start == 0 or [item.where for item in here] == [where], f"{path.name} cut at byte {cut}: no error for {where}"


@pytest.mark.parametrize("path", GOOD, ids=lambda path: f"{path.parts[-3]}-{path.name}")
@given(st.data())
def test_a_good_example_in_any_chunks_is_the_same_messages(path, data):
    format_, whole = BY_NAME[path.parts[-3]], path.read_bytes()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    chunks = [whole[start:end] for start, end in pairwise([0, *cuts, len(whole)])]
    assert list(format_.parse(chunks)) == list(format_.parse([whole]))
