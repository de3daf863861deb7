"""Each enrichment by itself: phase by date and membership, goods by list and date, quantities by named factor."""

from datetime import date

import pytest

from mekong.schemas.control import AgencyProfile, Membership
from mekong.schemas.messages import MESSAGE
from mekong.schemas.times import read_event_time
from mekong.streams.core.intake.enrich import enrich
from mekong.streams.core.intake.enrich.facts import Facts
from mekong.streams.core.intake.enrich.goods import known, nearest, widened

PHASE = Membership(
    operation="OMD", phase="OMD-V", role="member", starts_on=date(2023, 4, 15), ends_on=date(2023, 9, 30), commodity_groups=("drug",)
)
PROFILE = AgencyProfile(
    agency="VN-CUSTOMS", name="Viet Nam Customs", kind="customs", country="VN", region="Asia", utc_offset="+07:00", memberships=(PHASE,)
)


def enriched(day="2023-05-03", **changed):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": "2", "unit": "kg"}
    message = MESSAGE.validate_python(
        {
            "message_type": "seizure",
            "agency": "VN-CUSTOMS",
            "case_no": "1",
            "seized_at": day,
            "lines": [{**line, **changed.pop("line", {})}],
            **changed,
        }
    )
    return enrich(Facts(message, read_event_time(message.seized_at), PROFILE))


@pytest.mark.parametrize(
    ("day", "changed", "phase"),
    [
        pytest.param("2023-04-15", {}, "OMD-V", id="the first day is in"),
        pytest.param("2023-09-30", {}, "OMD-V", id="the last day is in"),
        pytest.param("2023-04-14", {}, None, id="the day before is not"),
        pytest.param("2023-05", {}, "OMD-V", id="a whole month inside is in"),
        pytest.param("2023-04", {}, None, id="half a month inside says nothing about the half"),
        pytest.param("2023", {}, None, id="a year is in no phase"),
        pytest.param("2023-05-03", {"line": {"commodity_group": "timber"}}, None, id="a group out of scope is not"),
        pytest.param("2023-05-03", {"operation": "OMD"}, "OMD-V", id="the operation may be named"),
    ],
)
def test_the_phase_is_found_by_date_membership_and_scope(day, changed, phase):
    assert enriched(day, **changed).get("phase") == phase


def test_the_country_is_the_agencys_own_unless_another_is_named():
    assert enriched()["country"] == "VN"
    assert enriched(country="LA")["country"] == "LA"


@pytest.mark.parametrize(
    ("quantity", "unit", "base", "factor", "mass_mg"),
    [
        ("2", "kg", ("2", "kg"), None, 2_000_000),
        ("1", "lb", ("0.45359237", "kg"), "lb-kg.v1", 453_592),
        ("1.5", "g", ("0.0015", "kg"), "g-kg.v1", 1_500),
        ("0.0000005", "kg", ("0.0000005", "kg"), None, 0),
        ("0.0000015", "kg", ("0.0000015", "kg"), None, 2),
        ("3", "l", ("3", "l"), None, 0),
        ("40", "tablet", ("40", "piece"), None, 0),
    ],
)
def test_a_quantity_is_normalised_with_a_named_factor(quantity, unit, base, factor, mass_mg):
    line = enriched(line={"quantity": quantity, "unit": unit})["lines"][0]
    assert (line["base_quantity"], line["base_unit"]) == base
    assert line.get("factor_id") == factor
    assert line["mass_mg"] == mass_mg


def test_an_unknown_quantity_weighs_nothing_and_has_no_base():
    line = enriched(line={"quantity": None, "unit": None, "quantity_kind": "unknown"})["lines"][0]
    assert line["mass_mg"] == 0
    assert "base_quantity" not in line


@pytest.mark.parametrize(
    ("group", "name", "code"),
    [
        ("drug", "heroin", "heroin"),
        ("drug", "  HEROIN ", "heroin"),
        ("drug", "Lsd", "lsd"),
        ("fauna", "Manis javanica", "Manis javanica"),
        ("fauna", "no such animal", None),
        ("drug", "Manis javanica", None),
    ],
)
def test_goods_are_known_by_any_of_their_names_on_their_own_side(group, name, code):
    assert known(group, name, date(2023, 5, 3))["code"] == code


def test_a_species_takes_the_entry_of_its_genus_when_it_has_none():
    found = known("fauna", "Nycticebus inventus", date(2023, 5, 3))
    assert found["code"] == "Nycticebus spp."
    assert found["appendix"] == "I"


@pytest.mark.parametrize(
    ("name", "code", "is_wider"),
    [
        pytest.param("Manis javanica", "Manis javanica", False, id="whole"),
        pytest.param("Manis", "Manis spp.", False, id="a genus"),
        pytest.param("MANIS JAVANICA", "Manis javanica", False, id="in capitals"),
        pytest.param("Manis javanica Desmarest, 1822", "Manis javanica", False, id="with its author"),
        pytest.param("Panthera tigris (Linnaeus, 1758)", "Panthera tigris", False, id="in brackets"),
        pytest.param("Manis javanica de Wit", "Manis javanica", False, id="with an author of two words"),
        pytest.param("Panthera tigris altaica", "Panthera tigris", True, id="a subspecies"),
        pytest.param("Panthera tigris altaica Temminck, 1844", "Panthera tigris", True, id="a subspecies with its author"),
        pytest.param("PANTHERA TIGRIS ALTAICA", "Panthera tigris", True, id="a subspecies in capitals"),
        pytest.param("Manis javanica x pentadactyla", "Manis javanica", True, id="a hybrid"),
        pytest.param("Nycticebus inventus", "Nycticebus spp.", True, id="a species of a genus"),
        pytest.param("Nycticebus inventus Nobody, 2020", "Nycticebus spp.", True, id="with its author"),
        pytest.param("no such animal", None, False, id="unknown"),
    ],
)
def test_a_taxon_is_known_by_its_name_then_without_author_then_by_its_species_then_by_its_genus(name, code, is_wider):
    assert known("fauna", name, date(2023, 5, 3))["code"] == code
    assert widened("fauna", name) is is_wider


def test_a_drug_has_no_genus():
    assert known("drug", "Heroin Linnaeus", date(2023, 5, 3))["code"] is None
    assert not widened("drug", "Heroin Linnaeus")


@pytest.mark.parametrize(
    ("day", "appendix"),
    [("2017-01-01", "II"), ("2017-01-02", "I"), ("2017-01", "II"), ("2017-02", "I"), ("2016", "II"), ("2018", "I")],
)
def test_of_a_month_or_year_the_entry_of_any_of_its_days_is_taken(day, appendix):
    line = {"commodity_group": "fauna", "substance_or_taxon": "Manis spp.", "quantity": 1, "unit": "kg"}
    assert enriched(day, line=line)["lines"][0]["appendix"] == appendix


def test_the_appendix_and_schedule_are_those_of_the_day():
    assert known("fauna", "Manis javanica", date(2023, 5, 3))["appendix"] == "I"
    assert known("drug", "heroin", date(2023, 5, 3))["schedule"].startswith("1961")
    assert known("precursor", "ephedrine", date(2023, 5, 3))["hs6"] == "293941"


def test_the_hs_code_of_the_sender_goes_before_ours():
    assert enriched(line={"hs6": "123456"})["lines"][0]["hs6"] == "123456"


@pytest.mark.parametrize(
    ("group", "name", "near"),
    [
        ("drug", "herion", "Heroin"),
        ("precursor", "efedrine", "Ephedrine"),
        ("fauna", "Elephas maximum", "Asian elephant"),
        ("drug", "xyzzy", None),
        ("drug", "MDX", None),
        ("fauna", "herion", None),
        ("drug", "herion" * 20, None),
    ],
)
def test_the_nearest_goods_are_those_of_a_similar_name_on_the_same_side(group, name, near):
    assert nearest(group, name) == near
    assert near is None or known(group, near, date(2026, 5, 1))["code"]
