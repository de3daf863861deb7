"""The code lists are complete, sane and refer to each other rightly."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from mekong.producers.formats import lemis
from mekong.schemas.codes import LISTS, code_list, rows
from mekong.schemas.languages import LANGUAGES
from mekong.schemas.messages import AGENCY_PATTERN
from mekong.schemas.wire import load
from mekong.streams.core.intake.enrich.goods import known

DEMO_DATA = Path(__file__).parents[2] / "deploy" / "demo-data"
DATA = files("mekong.schemas.codes") / "data"
COMMON = ["code", "valid_from", "valid_to", "reviewed", "label_en", "label_vi", "label_zh"]
OWN = {
    "agencies": ["kind", "country", "utc_offset"],
    "commodity_groups": ["plausible_kg", "plausible_source"],
    "countries": ["iso3", "region", "subregion"],
    "factors": ["from_unit", "to_unit", "factor", "applies_to", "source"],
    "major_thresholds": ["commodity_group", "goods", "unit", "threshold", "source"],
    "memberships": ["agency", "phase", "role", "note"],
    "phases": ["operation", "starts_on", "ends_on", "status", "commodity_groups", "note"],
    "places": ["kind", "country", "admin1", "lat", "lon"],
    "reasons": ["synonyms"],
    "substances": ["commodity_group", "convention", "table", "hs6", "synonyms"],
    "taxa": ["commodity_group", "rank", "appendix", "synonyms"],
    "terms": ["commodity_group"],
    "units": ["base_unit", "factor", "synonyms"],
}
BORDER = ["VN", "LA", "KH", "MM", "TH", "CN", "HK"]


def synonyms(entry):
    return [name.strip() for name in entry.fields["synonyms"].split(";") if name.strip()]


def refers(name, field, to):
    known = code_list(to)
    return [entry.code for entry in rows(name) for code in entry.fields[field].split() if code not in known]


def test_every_list_has_a_file_and_every_file_is_a_list():
    assert {path.name.removesuffix(".csv") for path in DATA.iterdir() if path.name.endswith(".csv")} == set(LISTS)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_its_columns_and_every_row_fills_them(name):
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        assert sorted(reader.fieldnames) == sorted(COMMON + OWN.get(name, []))
        for row in reader:
            assert None not in row
            assert None not in row.values(), row
            assert all(value == value.strip() for value in row.values()), row
            assert row["code"], row
            assert row["label_en"], row


@pytest.mark.parametrize("name", LISTS)
def test_periods_of_a_code_are_sane_and_follow_each_other(name):
    periods = defaultdict(list)
    for entry in rows(name):
        first, last = entry.valid_from or date.min, entry.valid_to or date.max
        assert first <= last, entry.code
        periods[entry.code].append((first, last))
    for code, spans in periods.items():
        for (_, last), (first, _) in pairwise(spans):
            assert last + timedelta(days=1) == first, f"{code}: a gap or an overlap at {first}"


@pytest.mark.parametrize("name", LISTS)
def test_reviewed_names_only_languages_that_have_a_label(name):
    for entry in rows(name):
        assert entry.reviewed <= set(LANGUAGES) & set(entry.labels), entry.code


@pytest.mark.parametrize("name", LISTS)
def test_a_missing_label_falls_back_to_english(name):
    for entry in rows(name):
        for language in LANGUAGES:
            assert entry.label(language) in {entry.labels.get(language), entry.labels["en"]}


@pytest.mark.parametrize("name", sorted(set(LISTS) - {"memberships", "factors", "taxa"}))
def test_lists_that_people_choose_from_are_in_all_three_languages(name):
    assert [entry.code for entry in rows(name) if set(entry.labels) != set(LANGUAGES)] == []


@pytest.mark.parametrize(
    ("name", "field", "to"),
    [
        ("agencies", "country", "countries"),
        ("memberships", "agency", "agencies"),
        ("memberships", "phase", "phases"),
        ("phases", "operation", "operations"),
        ("phases", "commodity_groups", "commodity_groups"),
        ("places", "country", "countries"),
        ("substances", "commodity_group", "commodity_groups"),
        ("taxa", "commodity_group", "commodity_groups"),
        ("factors", "from_unit", "units"),
        ("factors", "to_unit", "units"),
        ("units", "base_unit", "units"),
    ],
)
def test_references_resolve(name, field, to):
    assert refers(name, field, to) == []


def test_agencies_are_bodies_of_a_kind_with_a_day_that_ends():
    for entry in rows("agencies"):
        assert re.fullmatch(AGENCY_PATTERN, entry.code)
        assert entry.code[:2] == entry.fields["country"]
        assert entry.fields["kind"] in {"customs", "police", "other"}
        assert re.fullmatch(r"[+-]\d\d:\d\d", entry.fields["utc_offset"])
    assert len(code_list("agencies")) >= 29


def test_countries_are_all_of_iso_3166_and_the_unknown_one():
    entries = [entry for entry in rows("countries") if entry.code != "XX"]
    assert len(entries) == 249
    assert len({entry.fields["iso3"] for entry in entries}) == 249
    assert all(re.fullmatch("[A-Z]{2}", entry.code) and re.fullmatch("[A-Z]{3}", entry.fields["iso3"]) for entry in entries)
    assert all(entry.fields["region"] and entry.fields["subregion"] for entry in entries)
    assert code_list("countries")["XX"].label() == "Unknown"


def test_phases_of_an_operation_follow_each_other_without_overlap():
    by_operation = defaultdict(list)
    for entry in rows("phases"):
        assert entry.fields["status"] in {"planned", "active", "closed"}
        by_operation[entry.fields["operation"]].append(tuple(date.fromisoformat(entry.fields[field]) for field in ("starts_on", "ends_on")))
    for spans in by_operation.values():
        for start, end in spans:
            assert start <= end
        for (_, end), (start, _) in pairwise(sorted(spans)):
            assert end < start


def test_mekong_dragon_has_its_seven_phases_and_the_extension():
    assert [entry.code for entry in rows("phases")] == [f"OMD-{name}" for name in ("I", "AP", "II", "III", "IV", "V", "VI", "VII")]


def test_a_membership_is_named_by_its_agency_and_phase():
    for entry in rows("memberships"):
        assert entry.code == f"{entry.fields['agency']}/{entry.fields['phase']}"
        assert entry.fields["role"] in {"coordinator", "member", "observer"}


@pytest.mark.parametrize(("phase", "members"), [("OMD-I", 6), ("OMD-AP", 22), ("OMD-II", 15), ("OMD-III", 20), ("OMD-IV", 29)])
def test_a_phase_has_as_many_members_as_published(phase, members):
    found = [entry for entry in rows("memberships") if entry.fields["phase"] == phase and entry.fields["role"] != "observer"]
    assert len(found) == members


def test_places_are_on_the_map_and_cover_the_region():
    for entry in rows("places"):
        assert entry.fields["kind"] in {"port", "airport", "border_gate"}
        assert entry.code.startswith(entry.fields["country"])
        assert -90 <= Decimal(entry.fields["lat"]) <= 90
        assert -180 <= Decimal(entry.fields["lon"]) <= 180
    assert len(code_list("places")) >= 60
    assert set(BORDER) <= {entry.fields["country"] for entry in rows("places")}


def test_substances_have_a_convention_and_its_table():
    tables = {"1961": {"I", "II", "III", "IV"}, "1971": {"I", "II", "III", "IV"}, "1988": {"I", "II"}, "none": {""}}
    for entry in rows("substances"):
        assert entry.fields["table"] in tables[entry.fields["convention"]], entry.code
        assert re.fullmatch(r"(\d{6})?", entry.fields["hs6"]), entry.code
        assert entry.fields["commodity_group"] in {"drug", "precursor"}
        assert (entry.fields["convention"] == "1988") <= (entry.fields["commodity_group"] == "precursor")


def test_taxa_have_a_rank_and_an_appendix():
    for entry in rows("taxa"):
        assert entry.fields["rank"] in {"species", "genus", "family", "order", "class", "none"}, entry.code
        assert re.fullmatch(r"((I|II|III|NC)(/(I|II|III|NC))*)?", entry.fields["appendix"]), entry.code
        assert entry.fields["commodity_group"] in {"fauna", "flora", "timber"}


@pytest.mark.parametrize("name", ["substances", "taxa", "units"])
def test_no_name_means_two_things(name):
    meaning = {}
    for entry in rows(name):
        for spelling in {entry.code, *synonyms(entry)}:
            assert meaning.setdefault(spelling.casefold(), entry.code) == entry.code, spelling


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Marijuana", "cannabis-herb"),
        ("Cocaine", "cocaine"),
        ("Methamphetamine", "methamphetamine"),
        ("Heroin", "heroin"),
        ("Ecstasy", "mdma"),
        ("Fentanyl", "fentanyl"),
        ("Ketamine", "ketamine"),
        ("Lsd", "lsd"),
        ("Khat (Catha Edulis)", "khat"),
        ("Other Drugs", "drug-other"),
        ("Cannabis resin (hashish)", "cannabis-resin"),
        ("Cocaine hydrochloride (HCl, powder cocaine)", "cocaine-hydrochloride"),
        ("Non-specified ecstasy-type substances", "ecstasy-type"),
        ("Dimethyltryptamine (DMT)", "dmt"),
        ("Other NPS", "nps-other"),
    ],
)
def test_the_names_of_the_real_files_are_known(name, code):
    known = {spelling.casefold(): entry.code for entry in rows("substances") for spelling in (entry.code, *synonyms(entry))}
    assert known[name.casefold()] == code


@pytest.mark.parametrize(
    ("taxon", "day", "appendix"),
    [
        ("Manis javanica", date(2017, 1, 1), "II"),
        ("Manis javanica", date(2017, 1, 2), "I"),
        ("Gekko gecko", date(2019, 11, 25), "NC"),
        ("Gekko gecko", date(2019, 11, 26), "II"),
        ("Geochelone elegans", date(2025, 5, 1), "I"),
        ("Pterocarpus erinaceus", date(2016, 6, 1), "III"),
        ("Pterocarpus erinaceus", date(2017, 2, 1), "II"),
        ("Carcharhinus falciformis", date(2017, 10, 4), "II"),
        ("Cuora spp.", date(2019, 11, 25), "II"),
        ("Cuora spp.", date(2019, 11, 26), "I/II"),
    ],
)
def test_a_listing_is_looked_up_by_the_day(taxon, day, appendix):
    found = [entry.fields["appendix"] for entry in rows("taxa") if entry.code == taxon and entry.valid_on(day)]
    assert found == [appendix]


@pytest.mark.parametrize(
    ("group", "name", "hs6"),
    [
        ("drug", "heroin", "293911"),
        ("drug", "hydrocodone", "293911"),
        ("drug", "fentanyl", "293333"),
        ("drug", "carfentanil", "293333"),
        ("drug", "amphetamine", "292146"),
        ("precursor", "norephedrine", "293944"),
        ("precursor", "anpp", "293336"),
        ("precursor", "apaan", "292640"),
    ],
)
def test_goods_that_hs_2022_names_have_its_code(group, name, hs6):
    assert known(group, name, date(2026, 1, 1))["hs6"] == hs6


@pytest.mark.parametrize(
    ("name", "day", "schedule"),
    [
        ("apaan", date(2014, 10, 5), None),
        ("apaan", date(2014, 10, 6), "1988 I"),
        ("phenylacetic acid", date(2011, 1, 16), "1988 II"),
        ("phenylacetic acid", date(2011, 1, 17), "1988 I"),
    ],
)
def test_a_table_of_precursors_is_looked_up_by_the_day(name, day, schedule):
    assert known("precursor", name, day).get("schedule") == schedule


def test_a_unit_converts_to_its_base_by_a_factor_that_is_more_than_0():
    for entry in rows("units"):
        assert entry.fields["base_unit"] in {"kg", "l", "piece", ""}
        if entry.fields["base_unit"]:
            assert Decimal(entry.fields["factor"]) > 0
    for base in ("kg", "l", "piece"):
        assert code_list("units")[base].fields["base_unit"] == base
        assert Decimal(code_list("units")[base].fields["factor"]) == 1


def test_exact_factors_agree_with_the_units_they_convert():
    for entry in rows("factors"):
        unit = code_list("units")[entry.fields["from_unit"]]
        if not entry.fields["applies_to"]:  # for all goods
            assert Decimal(entry.fields["factor"]) == Decimal(unit.fields["factor"]), entry.code
            assert entry.fields["to_unit"] == unit.fields["base_unit"], entry.code


def test_a_factor_is_named_versioned_and_says_its_source():
    names = {*code_list("commodity_groups"), *code_list("substances"), *code_list("taxa")}
    for entry in rows("factors"):
        assert re.fullmatch(r"[a-z0-9.-]+\.v\d+", entry.code)
        assert Decimal(entry.fields["factor"]) > 0
        assert entry.fields["source"]
        applies_to = entry.fields["applies_to"]
        assert applies_to in names or set(applies_to.split()) <= names, entry.code


def test_a_major_threshold_is_a_base_quantity_of_goods_on_our_lists_with_its_source():
    goods = {**dict.fromkeys(code_list("substances"), "substance"), **dict.fromkeys(code_list("taxa"), "taxon")}
    for entry in rows("major_thresholds"):
        assert Decimal(entry.fields["threshold"]) > 0, entry.code
        assert entry.fields["unit"] in {"kg", "l", "piece"}, entry.code
        assert entry.fields["commodity_group"] in code_list("commodity_groups"), entry.code
        assert not entry.fields["goods"] or entry.fields["goods"] in goods, entry.code
        assert entry.fields["source"], entry.code


def test_there_is_one_factor_for_all_goods_between_two_units():
    pairs = [(entry.fields["from_unit"], entry.fields["to_unit"]) for entry in rows("factors") if not entry.fields["applies_to"]]
    assert len(pairs) == len(set(pairs))


def test_terms_are_the_94_of_the_description_field():
    assert len(code_list("terms")) == 94


def test_the_notices_of_others_data_are_shipped_beside_it():
    notice = (DATA / "NOTICE").read_text(encoding="utf-8")
    for holder in ("EcoHealth Alliance", "UNEP-WCMC", "Unicode", "Borsetti", "ODC-PDDL-1.0"):
        assert holder in notice


def test_every_animal_in_the_real_file_is_on_our_lists():
    with (DEMO_DATA / "lemis-amphibian-2016-2021.csv").open("rb") as stream:
        messages = [load(parsed.value) for parsed in lemis.parse(stream)]
    names = {(line["commodity_group"], line["substance_or_taxon"]) for message in messages for line in message["lines"]}
    unknown = {name for group, name in names if known(group, name, date(2021, 1, 1))["code"] is None}
    assert len(names) > 40
    assert unknown == set()
