"""LEMIS lines to seizures: the real file in full, and its traps one by one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

import mekong.deploy
from mekong.producers.formats import BY_NAME, lemis, lemis_codes
from mekong.producers.parsed import Parsed
from mekong.schemas.codes import code_list
from mekong.schemas.messages import MESSAGE
from mekong.schemas.rejected import Reason, Rejected

FILE = Path(mekong.deploy.__file__).parent / "demo-data" / "lemis-amphibian-2016-2021.csv"


def line(**changed: str) -> str:
    columns = dict.fromkeys(lemis.COLUMNS, "NA") | {
        "control_number": "2016799579",
        "taxa": "amphibian",
        "class": "Amphibia",
        "genus": "Rana",
        "species": "temporaria",
        "description": "BOD",
        "quantity": "151",
        "unit": "GM",
        "country_origin": "LA",
        "country_imp_exp": "TH",
        "purpose": "P",
        "source": "W",
        "disposition": "S",
        "disposition_date": "2016-01-26T00:00:00Z",
        "import_export": "I",
        "port": "CH",
    }
    return ",".join((columns | changed).values())


def parse(*rows: str) -> list[Parsed | Rejected]:
    return list(BY_NAME["lemis"].parse([("\n".join([",".join(lemis.COLUMNS), *rows]) + "\n").encode()]))


def message(*rows: str) -> dict:
    (found,) = parse(*rows)
    assert isinstance(found, Parsed), found
    MESSAGE.validate_json(found.value)
    return json.loads(found.value)


@pytest.fixture(scope="module")
def real() -> list[dict]:
    found = list(BY_NAME["lemis"].parse([FILE.read_bytes()]))
    assert all(isinstance(item, Parsed) for item in found)
    for item in found:
        MESSAGE.validate_json(item.value)
    return [json.loads(item.value) for item in found]


def test_the_real_file_has_276_seized_lines_of_262_cases(real):
    assert len(real) == len({one["case_no"] for one in real}) == 262
    assert sum(len(one["lines"]) for one in real) == 276
    assert max(len(one["lines"]) for one in real) == 4


def test_the_real_origins_are_as_published(real):
    origins = Counter(step["country"] for one in real for step in one["route"] if step["role"] == "origin" for _ in one["lines"])
    assert origins.most_common(9)[:2] == [("TH", 95), ("XX", 73)]
    assert {code: origins[code] for code in ("LA", "ID", "VN", "PH", "CN", "HK", "KH")} == {
        "LA": 30,
        "ID": 16,
        "VN": 13,
        "PH": 7,
        "CN": 7,
        "HK": 4,
        "KH": 2,
    }


def test_real_codes_that_are_on_no_list_are_kept_raw(real):
    raw = {(one["field"], one["scheme"], one["code"]) for each in real for one in each.get("unmapped", [])}
    assert raw == {("source", "LEMIS", "X"), ("port", "LEMIS", "ER")}


def test_real_quantities_of_zero_are_unknown(real):
    kinds = Counter(one["quantity_kind"] for each in real for one in each["lines"])
    assert kinds == {"exact": 264, "unknown": 12}


def test_only_seized_lines_are_taken():
    assert parse(line(disposition="C"), line(disposition="A"), line(disposition="R")) == []


def test_lines_of_one_control_number_are_one_seizure_even_when_others_lie_between():
    found = parse(line(quantity="1"), line(control_number="other"), line(quantity="2"))
    assert [item.case_no for item in found] == ["2016799579", "other"]
    assert [one["quantity"] for one in json.loads(found[0].value)["lines"]] == ["1", "2"]


def test_two_equal_lines_are_two_lines():
    assert len(message(line(), line())["lines"]) == 2


def test_the_day_of_disposition_is_the_day_of_seizure():
    assert message(line())["seized_at"] == "2016-01-26"


def test_the_route_is_where_it_came_from_and_the_other_end():
    assert message(line())["route"] == [{"role": "origin", "country": "LA"}, {"role": "departure", "country": "TH"}]
    assert message(line(import_export="E"))["route"][1] == {"role": "destination", "country": "TH"}


def test_xx_is_an_unknown_country():
    assert message(line(country_origin="XX"))["route"][0]["country"] == "XX"


@pytest.mark.parametrize(
    ("column", "code", "field", "expected"),
    [
        ("purpose", "Y", "cites_purpose", "N"),
        ("purpose", "T", "cites_purpose", "T"),
        ("source", "P", "cites_source", "O"),
        ("source", "W", "cites_source", "W"),
        ("description", "LIV", "term_code", "LIV"),
    ],
)
def test_codes_are_mapped_onto_those_of_cites(column, code, field, expected):
    assert message(line(**{column: code}))["lines"][0][field] == expected


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("source", "X"),
        ("source", "O"),
        ("purpose", "K"),
        ("description", "QQQ"),
        ("port", "ER"),
        ("country_origin", "G2"),
        ("unit", "LB"),
        ("import_export", "Q"),
    ],
)
def test_a_code_without_an_equal_is_kept_raw_once(column, code):
    found = message(line(**{column: code}), line(**{column: code}))
    assert found["unmapped"] == [{"field": column, "scheme": "LEMIS", "code": code}]


@pytest.mark.parametrize("column", ["source", "purpose", "description", "port", "country_origin", "unit", "import_export"])
def test_na_is_nothing_and_not_an_unknown_code(column):
    assert "unmapped" not in message(line(**{column: "NA"}))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"genus": "Rana", "species": "temporaria"}, "Rana temporaria"),
        ({"genus": "Rana", "species": "temporaria", "subspecies": "parvipalmata"}, "Rana temporaria parvipalmata"),
        ({"genus": "Rana", "species": "sp."}, "Rana spp."),
        ({"genus": "Rana", "species": "NA"}, "Rana spp."),
        ({"genus": "Bufonidae", "species": "sp."}, "Bufonidae"),
        ({"genus": "Non-CITES entry", "species": "NA"}, "Amphibia"),
        ({"genus": "NA", "species": "NA"}, "Amphibia"),
        ({"genus": "NA", "class": "NA", "generic_name": "FROG"}, "Frog"),
        ({"genus": "NA", "class": "NA", "generic_name": "NA"}, "unknown"),
    ],
)
def test_the_finest_name_on_record_is_taken(values, expected):
    assert message(line(**values))["lines"][0]["substance_or_taxon"] == expected


@pytest.mark.parametrize(("code", "unit"), [("NO", "piece"), ("GM", "g"), ("KG", "kg"), ("MG", "mg"), ("LT", "l")])
def test_units_are_ours_and_the_quantity_stays_raw(code, unit):
    found = message(line(unit=code, quantity="0.500"))["lines"][0]
    assert (found["quantity"], found["unit"], found["quantity_kind"]) == ("0.5", unit, "exact")


@pytest.mark.parametrize("values", [{"quantity": "0"}, {"quantity": "NA"}, {"unit": "NA"}])
def test_a_quantity_of_zero_or_without_unit_is_unknown(values):
    found = message(line(**values))["lines"][0]
    assert found["quantity_kind"] == "unknown"
    assert "quantity" not in found


def test_the_value_is_summed_only_when_every_line_has_one():
    assert message(line(value="10"), line(value="2.5"))["value_amount"] == "12.5"
    assert "value_amount" not in message(line(value="10"), line())


@pytest.mark.parametrize(("port", "place"), [("CH", ("US", "Illinois")), ("SJ", ("PR", None)), ("XX", ("US", None)), ("ER", ("US", None))])
def test_a_port_is_a_country_and_a_state(port, place):
    found = message(line(port=port))
    assert (found["country"], found.get("admin1")) == place


@pytest.mark.parametrize(
    ("values", "reason", "field"),
    [
        ({"disposition_date": "NA"}, Reason.BAD_DATE, "disposition_date"),
        ({"disposition_date": "2016-02-30T00:00:00Z"}, Reason.BAD_DATE, "disposition_date"),
        ({"quantity": "some"}, Reason.BAD_QUANTITY, "quantity"),
        ({"quantity": "-1"}, Reason.BAD_QUANTITY, "quantity"),
        ({"quantity": "NaN"}, Reason.BAD_QUANTITY, "quantity"),
        ({"quantity": "1e9999999"}, Reason.BAD_QUANTITY, "quantity"),
        ({"quantity": "9e-9999999"}, Reason.BAD_QUANTITY, "quantity"),
        ({"control_number": "NA"}, Reason.MISSING_FIELD, "control_number"),
    ],
)
def test_a_bad_value_is_named_with_its_line_and_column(values, reason, field):
    found = parse(line(control_number="good"), line(**values))
    (bad,) = [item for item in found if isinstance(item, Rejected)]
    assert (bad.reason, bad.field, bad.where) == (reason, field, "line 3")
    assert len(found) == 2


def test_lines_of_a_case_that_disagree_on_the_day_make_no_case():
    (bad,) = parse(line(), line(disposition_date="2017-01-01T00:00:00Z"))
    assert (bad.reason, bad.where) == (Reason.BAD_ROW, "line 3")


def test_every_mapped_code_is_on_our_lists():
    assert set(lemis_codes.TERMS.values()) <= set(code_list("terms"))
    assert set(lemis_codes.PURPOSES.values()) <= set(code_list("cites_purposes"))
    assert set(lemis_codes.SOURCES.values()) <= set(code_list("cites_sources"))
    assert set(lemis_codes.UNITS.values()) <= set(code_list("units"))
    assert set(lemis_codes.DIRECTIONS.values()) <= set(code_list("directions"))
    assert {port.country for port in lemis_codes.PORTS.values()} <= set(code_list("countries"))


def test_the_agency_has_a_profile_and_no_other_has():
    assert lemis.profile(lemis.AGENCY).country == "US"
    assert lemis.profile("US-CUSTOMS") is None


@pytest.mark.parametrize(
    ("taxa", "description", "group"),
    [
        ("plant", "LOG", "timber"),
        ("plant", "VEN", "timber"),
        ("plant", "CHP", "timber"),
        ("plant", "WPR", "flora"),
        ("plant", "ROO", "flora"),
        ("plant", "NA", "flora"),
        ("plant", "ZZZ", "flora"),
        ("mammal", "TIM", "fauna"),
    ],
)
def test_a_plant_is_timber_when_its_term_is_wood_as_a_material(taxa, description, group):
    found = message(line(**{"taxa": taxa, "class": "NA", "genus": "Dalbergia", "species": "nigra", "description": description}))
    assert found["lines"][0]["commodity_group"] == group
