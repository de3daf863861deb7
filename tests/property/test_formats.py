"""For any bytes: a format never raises, and what it says does not depend on how the bytes were cut into chunks."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from mekong.producers.formats import FORMATS, cbp
from mekong.producers.formats.cbp import Cell, kilograms, milligrams, seizures
from mekong.producers.parsed import Format, Parsed
from mekong.schemas.rejected import Rejected

EXAMPLES = Path(__file__).parents[1] / "examples" / "formats"
CELLS = st.text(max_size=12) | st.sampled_from(
    ["2019", "OCT", "LAREDO SECTOR", "3", "1.5", "S", "2016-01-26T00:00:00Z", "NA", "0", "1e9", '"']
)
ROWS = st.lists(st.lists(CELLS, min_size=7, max_size=20).map(",".join), max_size=5).map(lambda rows: "\n".join(rows).encode())
FILES = st.binary(max_size=300) | ROWS
FORMAT = st.sampled_from(FORMATS)


def first_line(format_: Format) -> bytes:
    """Of its first good example: the header of a table."""
    example = min((EXAMPLES / format_.name / "good").iterdir())
    return example.read_bytes().partition(b"\n")[0] + b"\n"


@given(FORMAT, FILES, st.booleans())
def test_no_format_raises_on_any_bytes_and_each_item_says_where_it_is(format_, content, with_header):
    for item in format_.parse([first_line(format_) * with_header + content]):
        assert isinstance(item, (Parsed, Rejected))
        assert item.where.startswith(("line ", "row ")) or isinstance(item, Rejected)


@given(FORMAT, FILES, st.lists(st.integers(0, 600), max_size=6))
def test_the_cut_into_chunks_changes_nothing(format_, content, cuts):
    whole = first_line(format_) + content
    places = [0, *sorted(min(cut, len(whole)) for cut in cuts), len(whole)]
    chunks = [whole[start:end] for start, end in pairwise(places)]
    assert list(format_.parse(chunks)) == list(format_.parse([whole]))


@given(st.decimals(0, 10**9, allow_nan=False, places=12), st.integers(1, 2_000))
def test_the_pounds_of_a_cell_are_shared_out_exactly(pounds, events):
    mass = milligrams(str(pounds))
    assert mass is not None
    found = list(seizures(Cell("LAREDO SECTOR", cbp.date(2019, 4, 1), "2019-04/X/Y/", "X", events, mass, "line 2")))
    assert len(found) == len({item.case_no for item in found}) == events
    shares = [int(Decimal(json.loads(item.value)["lines"][0].get("quantity", "0")) * 1_000_000) for item in found]
    assert sum(shares) == mass
    assert max(shares) - min(shares) <= 1


@given(st.integers(1, 10**15))
def test_kilograms_written_are_the_milligrams_they_stand_for(mass_mg):
    assert Decimal(kilograms(mass_mg)) * 1_000_000 == mass_mg


@given(st.text(max_size=70))
def test_any_text_is_a_weight_or_none(text):
    found = milligrams(text)
    assert found is None or found >= 0
