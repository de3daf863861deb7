"""The model of pairs: what is compared, what is too common to link, and that no pair of one block is missed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from random import Random

import pytest

from mekong.schemas.languages import LANGUAGES
from mekong.sinks.pairs import blocks, weights
from mekong.sinks.pairs.blocks import candidates
from mekong.sinks.pairs.case import Compared, Goods, compared
from mekong.sinks.pairs.fields import compare
from mekong.sinks.pairs.score import Model, kind_of, suspect
from mekong.sinks.pairs.words import chance, said, sentence, texts, times

DAY = date(2026, 5, 2)


def case(number, **more):
    given = {
        "event_id": f"{number:032x}",
        "agency": "VN-CUSTOMS",
        "case_no": f"C-{number}",
        "kind": "customs",
        "agency_country": "VN",
        "country": "VN",
        "day": DAY + timedelta(days=number % 50),
        "minute": None,
        "admin1": "",
        "place": f"VN-{number % 7}",
        "at": None,
        "goods": (goods(f"code-{number % 5}", str(number)),),
        "transport": ("air", "maritime", "truck_van")[number % 3],
        "concealment": frozenset(),
        "origin": "",
        "destination": "",
        "suspects": None,
        "conveyance": "",
        "related_to": frozenset(),
    }
    return Compared(**given | more)


def goods(code="ice", quantity="2.5", unit="kg", group="drug"):
    return Goods(group, code, None if quantity is None else Decimal(quantity), unit)


def usual(count=200):
    return [case(number) for number in range(1, count + 1)]


def twin(one, number=9_000, **more):
    return one._replace(event_id=f"{number:032x}", agency="VN-POLICE", kind="police", case_no=f"P-{number}", **more)


def found(cases, one, other, least=0.2):
    return next((each for each in suspect(cases, least).suspected if {each.first, each.second} == {one, other}), None)


def test_the_second_report_of_a_seizure_is_suspected_and_said_in_words():
    cases = usual()
    other = twin(cases[20], day=cases[20].day + timedelta(days=1), place="")
    pair = found([*cases, other], cases[20], other)
    assert pair is not None
    assert pair.probability > 0.5
    assert pair.first.event_id < pair.second.event_id
    assert {(one.field, one.level) for one in pair.reasons} >= {("day", "next"), ("goods", "same"), ("quantity", "same")}
    assert sentence(pair, "en").startswith("Speaks for one seizure: ")
    assert "Speaks against it: one day apart" in sentence(pair, "en")


def test_a_case_that_only_has_the_day_and_the_group_in_common_is_not():
    cases = usual()
    other = twin(cases[20], goods=(goods("another", "77"),), place="VN-99", transport="on_foot_bicycle")
    assert found([*cases, other], cases[20], other) is None


def test_what_is_too_common_does_not_link():
    """The same flight in six cases; in two it links."""
    cases = usual()
    ferry = [one._replace(conveyance="OMD:" + "a" * 64) for one in cases[:6]]
    result = suspect([*ferry, *cases[6:]])
    assert not any(one.is_linked for one in result.suspected)
    (reason,) = [one for one in Model([*ferry, *cases[6:]]).of(ferry[0], ferry[1]).reasons if one.field == "conveyance"]
    assert (reason.bits, reason.cases, reason.is_too_common) == (0.0, 6, True)
    assert "6 cases have it: too common to link" in said(reason, "en")
    lorry = [one._replace(conveyance="OMD:" + "b" * 64) for one in cases[:2]]
    (linked,) = [one for one in suspect([*lorry, *cases[2:]]).suspected if one.is_linked]
    assert {linked.first, linked.second} == set(lorry)


def test_a_frequent_place_and_frequent_goods_weigh_less_than_rare_ones():
    cases = usual()
    rare = [case(501, place="VN-RARE"), case(502, place="VN-RARE")]
    model = Model([*cases, *rare])

    def bits(one, other, field):
        return next(reason.bits for reason in model.of(one, other).reasons if reason.field == field)

    assert bits(*rare, "place") > bits(cases[0], cases[7], "place") > 0
    all_in_one = Model([one._replace(place="VN-ONE") for one in cases])
    (reason,) = [one for one in all_in_one.of(*(one._replace(place="VN-ONE") for one in cases[:2])).reasons if one.field == "place"]
    assert reason.is_too_common


def test_codes_that_say_nothing_have_nothing_in_common():
    entry = {
        "event_id": "1",
        "agency": "VN-CUSTOMS",
        "case_no": "C",
        "content": {
            "seized_at": "2026-05",
            "country": "XX",
            "transport_mode": "unknown",
            "concealment_methods": ["other", "hidden"],
            "route": [{"role": "origin", "country": "MM"}, {"role": "origin", "country": "LA"}, {"role": "destination", "country": "XX"}],
            "lines": [{"commodity_group": "drug", "substance_or_taxon": "ICE"}],
        },
        "enriched": {"agency_kind": "customs", "agency_country": "VN", "lines": [{"name": "ICE"}]},
    }
    read = compared(entry)
    assert (read.day, read.country, read.transport, read.concealment, read.origin, read.destination) == (None, "", "", frozenset(), "", "")
    assert read.goods == (Goods("drug", "ice", None, ""),)
    assert [one.field for one in compare(read, read._replace(event_id="2"))] == ["goods"]


@pytest.mark.parametrize(
    ("mine", "theirs", "level"),
    [("2.5", "2.50", "same"), ("2.5", "2.4", "near"), ("2.5", "2", "similar"), ("2.5", "9", "different"), ("2.5", None, None)],
)
def test_quantities_are_compared_as_shares(mine, theirs, level):
    one, other = case(1, goods=(goods(quantity=mine),)), case(2, goods=(goods(quantity=theirs),))
    assert next((each.level for each in compare(one, other) if each.field == "quantity"), None) == level
    in_pieces = case(3, goods=(goods(quantity=mine, unit="piece"),))
    assert "quantity" not in {each.field for each in compare(one, in_pieces)}


def test_the_date_line_does_not_part_two_points_and_where_is_compared_once():
    one, other = case(1, at=(0.0, 179.95), place="", admin1="x"), case(2, at=(0.0, -179.95), place="", admin1="x")
    assert [(each.field, each.level) for each in compare(one, other) if each.field in weights.WHERE] == [("point", "near")]


def test_a_case_of_an_exercise_is_never_paired_with_a_real_one():
    real = case(1, conveyance="OMD:" + "c" * 64)
    exercise = twin(real, related_to=frozenset({real.event_id}), is_simulated=True)
    assert candidates([real, exercise]).pairs == frozenset()
    assert candidates([real._replace(is_simulated=True), exercise]).pairs == {(0, 1)}


def test_a_reference_links_cases_of_any_day_and_country():
    cases = usual()
    abroad = case(
        900,
        agency="LA-CUSTOMS",
        agency_country="LA",
        country="LA",
        day=DAY - timedelta(days=300),
        related_to=frozenset({cases[3].event_id}),
    )
    (pair,) = [one for one in suspect([*cases, abroad]).suspected if one.is_linked]
    assert {pair.first, pair.second} == {cases[3], abroad}
    assert kind_of(pair.first, pair.second) == "abroad"


@pytest.mark.parametrize("seed", range(20))
def test_no_pair_of_a_country_group_and_day_or_the_next_is_missed(seed):
    chosen = Random(seed)
    cases = [
        case(
            number,
            day=DAY + timedelta(days=chosen.randrange(6)) if chosen.random() < 0.9 else None,
            country=chosen.choice(("VN", "LA")),
            goods=tuple(goods(chosen.choice("abc"), group=chosen.choice(("drug", "fauna"))) for _ in range(chosen.randint(1, 2))),
        )
        for number in range(chosen.randint(2, 60))
    ]
    wanted = {
        (one, other)
        for (one, mine), (other, theirs) in combinations(enumerate(cases), 2)
        if mine.day
        and theirs.day
        and abs((mine.day - theirs.day).days) <= 1
        and mine.country == theirs.country
        and mine.groups & theirs.groups
    }
    assert candidates(cases).pairs == wanted


def test_a_flood_of_alike_cases_is_passed_over_and_reported():
    """2,000 cases of one day and goods would be two million pairs."""
    flood = [case(number, day=DAY, goods=(goods("ice"),)) for number in range(2_000)]
    other = [case(9_000 + number, day=DAY, goods=(goods("rare"),)) for number in range(2)]
    result = candidates([*flood, *other])
    assert result.passed_over == len(flood)
    assert result.pairs == {(2_000, 2_001)}
    assert len(flood) > blocks.MOST_OF_GOODS


@pytest.mark.parametrize("cases", [[], [case(1)], [case(1), twin(case(1))]])
def test_with_hardly_any_case_nothing_is_sure(cases):
    result = suspect(cases, 0.0)
    assert result.cases == len(cases)
    assert all(0 < one.probability < 1 for one in result.suspected)


def test_every_level_has_words_in_every_language_and_a_weight():
    for field, declared in weights.FIELDS.items():
        for level, (m, u) in declared.levels.items():
            assert 0 < m < 1
            assert u is None or 0 < u < 1
            assert all(texts(language)[f"{field}_{level}"] for language in LANGUAGES)


def test_probabilities_and_weights_are_written_for_people():
    assert [chance(one) for one in (0.999, 0.9, 0.204, 0.001)] == ["> 99 %", "90 %", "20 %", "< 1 %"]
    pair = Model(usual()).of(case(1), twin(case(1)))
    assert {times(one, "en")[:2] for one in pair.reasons if one.bits < 0} <= {"1/"}
