"""The layouts that come with the exchange: each example sheet, of made-up content, gives the right figures."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from mekong.producers.formats.sheet import sheet_format
from mekong.producers.parsed import Parsed
from mekong.producers.sheets.layout import shipped, shipped_layout
from mekong.schemas.codes import code_list
from mekong.schemas.messages import MESSAGE

EXAMPLES = Path(__file__).parents[1] / "examples" / "sheets"
COLUMNS = {"aitr": 19, "ids": 13, "etis": 44, "eia": 34, "cites-trade": 20, "simple": 15}
FIGURES = {
    # case or row -> day, country, lines of (goods, term, quantity, unit)
    "simple": {
        "2025-101": ("2025-05-03", "VN", [("heroin", None, "3.5", "kg"), ("Methamphetamine", None, "24000", "tablet")]),
        "2025-102": ("2025-05-04", "VN", [("Manis javanica", None, "1", "kg")]),
        "2025-103": ("2025-05-05", "VN", [("ketamine", None, None, None)]),
    },
    "aitr": {
        "row 4": ("2025-03-14", None, [("Manis javanica", "SCA", "420", "kg")]),
        "row 5": ("2025-03-20", None, [("Loxodonta africana", "IVP", "1250.5", "kg")]),
        "row 6": ("2025-04-02", None, [("Panthera tigris", "BON", "7", "piece"), ("Panthera tigris", "SKI", "1", "piece")]),
    },
    "ids": {
        "row 2": ("2025-03-14", "TH", [("Methamphetamine", None, "1200000", "tablet")]),
        "row 3": ("2025-03-15", "VN", [("Heroin", None, "12.75", "kg")]),
        "row 4": ("2025-03-15", "VN", [("Heroin", None, "12.75", "kg")]),
        "row 5": ("2025-04-03", "LA", [("Cannabis herb (marijuana)", None, "845.3", "kg")]),
        "row 6": ("2025-04-04", "MM", [("Opium", None, None, None)]),
    },
    "etis": {
        "9000001": ("2025-05-17", "VN", [("Loxodonta africana", "IVP", "2748.5", "kg"), ("Loxodonta africana", "IVC", "12", "piece")]),
        "9000002": ("2025", "TH", [("Elephas maximus", "SKI", "60", "kg"), ("Elephas maximus", "LPS", "9", "piece")]),
        "9000003": ("2025-07", "KH", [("Elephantidae spp.", None, None, None)]),
    },
    "eia": {
        "P-0001": ("2024-06-09", "VN", [("Manis javanica", "SCA", "3810", "kg")]),
        "P-0002": ("2024-07-03", "LA", [("Manis spp.", "BOD", "12", "animal"), ("Manis spp.", "LIV", "31", "animal")]),
        "P-0004": ("2024", "CN", [("Manis pentadactyla", "SCA", "2.4", "kg")]),
    },
    "cites-trade": {
        "90000001": ("2023", "FR", [("Crocodylus siamensis", "SKI", "14", "piece")]),
        "90000002": ("2023", "US", [("Python bivittatus", "LPS", "3", "piece")]),
        "90000003": ("2023", "CN", [("Dalbergia cochinchinensis", "LOG", "12.75", "m3")]),
        "90000005": ("2023", "DE", [("Hippocampus spp.", "BOD", "0.35", "kg")]),
        "90000006": ("2023", "KR", [("Panax ginseng", "ROO", "48.5", "kg")]),
    },
}


def read(name: str, layout: str | None) -> tuple[list, tuple[str, ...]]:
    """The items of an example, and the notes of the file."""
    (path,) = EXAMPLES.glob(f"{name}.*")
    format_ = sheet_format(shipped_layout(layout) if layout else None, "VN-CUSTOMS")
    return list(format_.parse([path.read_bytes()])), tuple(format_.notes())


def figures(items: list, names: set[str]) -> dict:
    found = {}
    for item in items:
        assert isinstance(item, Parsed), item
        MESSAGE.validate_json(item.value)
        message = json.loads(item.value)
        keys = ("substance_or_taxon", "term_code", "quantity", "unit")
        lines = [tuple(line.get(key) for key in keys) for line in message["lines"]]
        lines = [(goods, term, quantity, unit if quantity else None) for goods, term, quantity, unit in lines]
        found[item.case_no if item.case_no in names else item.where] = (message["seized_at"], message.get("country"), lines)
    return found


def test_every_shipped_layout_has_an_example_and_figures():
    assert set(shipped()) == set(FIGURES) == set(tomllib.loads(EXAMPLES.with_name("sheet-figures.toml").read_text(encoding="utf-8")))
    assert set(shipped()) == {path.stem for path in EXAMPLES.iterdir()}


@pytest.mark.parametrize("name", shipped())
def test_an_example_gives_the_figures(name):
    items, _ = read(name, name)
    assert figures(items, set(FIGURES[name])) == FIGURES[name]


@pytest.mark.parametrize("name", shipped())
def test_without_a_layout_the_one_that_fits_is_found(name):
    assert read(name, None) == read(name, name)


@pytest.mark.parametrize("name", shipped())
def test_only_the_columns_of_the_layout_are_sent_and_the_others_are_listed(name):
    items, notes = read(name, name)
    sent = b"".join(item.value for item in items)
    assert b"made up" not in sent
    assert b"Made up" not in sent
    assert any(note.startswith("columns that the layout does not name, not sent: ") for note in notes) or name == "simple"


def test_the_route_of_a_case_has_its_roles():
    message = json.loads(read("etis", "etis")[0][0].value)
    assert [(step["role"], step["country"]) for step in message["route"]] == [
        ("origin", "MZ"),
        ("departure", "MZ"),
        ("via", "SG"),
        ("via", "MY"),
        ("destination", "CN"),
    ]


def test_a_sheet_without_case_numbers_keeps_its_numbers_in_another_order():
    (path,) = EXAMPLES.glob("ids.*")
    head, *rows = path.read_bytes().splitlines(keepends=True)
    shuffled = head + b"".join([*reversed(rows[:5]), *rows[5:]])
    format_ = sheet_format(shipped_layout("ids"), "VN-CUSTOMS")
    assert {item.case_no for item in format_.parse([shuffled])} == {item.case_no for item in read("ids", "ids")[0]}
    assert any("no case numbers" in note for note in format_.notes())


def _cites_row(number: int, animals: str, term: str) -> str:
    return f"{number},2023,II,Dalbergia nigra,{animals},,,,{term},1,kg,CN,LA,LA,T,I,,,,I\n"


def test_a_plant_of_the_cites_database_is_timber_when_its_term_is_wood_as_a_material():
    terms = {
        word: code
        for column in shipped_layout("cites-trade").columns
        for word, code in column.values.items()
        if column.field == "term_code"
    }
    timber = {code for code, entry in code_list("terms").items() if entry.fields["commodity_group"] == "timber"}
    assert timber == {"LOG", "SAW", "TIM", "VEN", "PLY", "CHP"}
    assert timber <= set(terms.values())
    (path,) = EXAMPLES.glob("cites-trade.*")
    head = path.read_text(encoding="utf-8").splitlines(keepends=True)[0]
    words = [*terms, "transformed wood", ""]
    plants = "".join(_cites_row(number, "", word) for number, word in enumerate(words))
    animals = "".join(_cites_row(1_000 + number, "Mammalia", word) for number, word in enumerate(words))
    items = list(sheet_format(shipped_layout("cites-trade"), "VN-CUSTOMS").parse([f"{head}{plants}{animals}".encode()]))
    groups = [json.loads(item.value)["lines"][0]["commodity_group"] for item in items]
    assert groups[: len(words)] == ["timber" if terms.get(word) in timber or word == "transformed wood" else "flora" for word in words]
    assert set(groups[len(words) :]) == {"fauna"}
