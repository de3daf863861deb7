"""An agency's profile from the code lists, or from what a person says."""

from __future__ import annotations

from datetime import date

import pytest

from mekong.deploy.profiles import Given, Phase, known_phases, nearest, profile_of, with_phases
from mekong.schemas.errors import Refused

WHOLE = Given(name="Border Patrol", kind="police", country="TH", utc_offset="+07:00")


def phase(code: str = "P", **values) -> Phase:
    return Phase(code=code, operation="OMD", name=code, starts_on=date(2027, 4, 1), ends_on=date(2027, 9, 1), **values)


def test_an_agency_of_the_code_list_needs_no_more_than_its_code():
    profile = profile_of("VN-CUSTOMS")
    assert (profile.kind, profile.country, profile.region, profile.utc_offset) == ("customs", "VN", "Asia", "+07:00")
    assert "OMD-I" in [part.phase for part in profile.memberships]


def test_what_a_person_says_goes_before_the_code_list():
    assert profile_of("VN-CUSTOMS", Given(name="Customs")).name == "Customs"


def test_another_agency_is_known_by_what_is_said_of_it():
    profile = profile_of("TH-BORDER-PATROL", WHOLE)
    assert (profile.name, profile.region, profile.memberships) == ("Border Patrol", "Asia", ())


@pytest.mark.parametrize(
    ("code", "given", "sentence"),
    [
        pytest.param("vn-customs", Given(), "not an agency code", id="lower case"),
        pytest.param("VN-CUSTOMZ", Given(), r"did you mean .*VN-CUSTOMS.*--name, --kind, --country, --utc-offset", id="not on the list"),
        pytest.param("TH-X1", WHOLE._replace(country="QQ"), "Country 'QQ'", id="country"),
        pytest.param("TH-X1", WHOLE._replace(kind="navy"), "kind of TH-X1", id="kind"),
        pytest.param("TH-X1", WHOLE._replace(utc_offset="7"), "utc_offset of TH-X1", id="offset"),
        pytest.param("TH-X1", WHOLE._replace(utc_offset="+25:99"), "'.25:99' is not an offset from UTC", id="offset of more than a day"),
        pytest.param("TH-X1", WHOLE._replace(utc_offset=""), "give --utc-offset too", id="one thing missing"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(code, given, sentence):
    with pytest.raises(Refused, match=sentence):
        profile_of(code, given)


def test_a_phase_of_the_deployment_is_added_to_its_members_only_and_taken_away_again():
    member, stranger = profile_of("TH-X1", WHOLE), profile_of("TH-X2", WHOLE)
    added = phase(members={"TH-X1": "member"})
    assert [part.phase for part in with_phases(member, [added]).memberships] == ["P"]
    assert with_phases(stranger, [added]) == stranger
    assert with_phases(with_phases(member, [added]), [phase()]) == member


@pytest.mark.parametrize(
    ("day", "status"),
    [
        pytest.param(date(2027, 3, 31), "planned", id="the day before"),
        pytest.param(date(2027, 4, 1), "active", id="its first day"),
        pytest.param(date(2027, 9, 1), "active", id="its last day"),
        pytest.param(date(2027, 9, 2), "closed", id="the day after"),
    ],
)
def test_both_days_of_a_phase_belong_to_it(day, status):
    assert phase().status_on(day) == status


def test_the_known_phases_are_those_of_the_code_list_in_their_own_words():
    assert known_phases()["OMD-I"].operation == "OMD"
    assert known_phases()["OMD-I"].commodity_groups == ("drug",)


def test_nothing_is_said_of_names_that_are_not_near():
    assert nearest("zzz", ["drug", "timber"]) == ""
