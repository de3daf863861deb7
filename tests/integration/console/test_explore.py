"""Explore: each number is the length of its list, by the real ClickHouse; a person brushes, clicks, opens and downloads in Chromium."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import httpx
import pytest

from mekong.schemas.journal import Enriched
from mekong.sinks.clickhouse.client import Database
from mekong.sinks.console.explore.choice import FACETS, Choice, choice_of
from mekong.sinks.console.explore.counting import PAGE, listed, numbers
from mekong.sinks.console.words import texts
from tests.integration.console.made_up import AGENCIES
from tests.integration.console.test_questions import version

pytestmark = pytest.mark.timeout(900)  # the first test may install the browser
T = texts("en")
AT = datetime(2026, 5, 3, 18, tzinfo=UTC)
HOSTILE = """=1+1'); DROP TABLE journal; --<b>"""
GROUPS, GOODS = ("drug", "precursor", "fauna", "timber"), ("Heroin", "Ketamine", "Manis javanica", HOSTILE, "")
COUNTRIES = ("VN", "LA", "TH", "")


def cases(chosen: Random, count: int) -> list[bytes]:
    """Cases with one to three lines; some corrected, some withdrawn, some without a day, some known by the month only."""
    found = []
    for number in range(1, count + 1):
        agency = chosen.choice(AGENCIES)
        day = date(2025, 11, 1) + timedelta(days=chosen.randrange(240))
        for at, status in enumerate(["current"] + ["current"] * (chosen.random() < 0.3) + ["withdrawn"] * (chosen.random() < 0.2), 1):
            lines = [chosen.choice(GROUPS) for _ in range(chosen.randint(1, 3))]
            content = {
                "seized_at": chosen.choice([day.isoformat(), day.isoformat()[:7], f"{day}T08:00:00+07:00"]),
                "country": chosen.choice(COUNTRIES) or None,
                "lines": [{"commodity_group": group, "substance_or_taxon": "x"} for group in lines],
            }
            names = tuple({"name": chosen.choice(GOODS)} for _ in lines)
            enriched = Enriched(agency_kind="customs", agency_country="VN", agency_region="Asia", country=content["country"], lines=names)
            received = AT + timedelta(hours=number * 3 + at * 40)
            more = {"agency": agency, "status": status, "content": content, "enriched": enriched, "received_at": received}
            found.append(version(number, "", at, **more))
    return found


def random_choice(chosen: Random) -> Choice:
    """A choice of any of the filters."""
    first = date(2025, 10, 1) + timedelta(days=chosen.randrange(300))
    values = {
        "from": first.isoformat(),
        "to": (first + timedelta(days=chosen.randrange(200))).isoformat(),
        "country": chosen.choice(COUNTRIES),
        "group": chosen.choice(GROUPS),
        "goods": chosen.choice(GOODS),
        "agency": chosen.choice(AGENCIES),
        "known_on": (AT.date() + timedelta(days=chosen.randrange(12))).isoformat(),
    }
    return choice_of({name: value for name, value in values.items() if chosen.random() < 0.3})


def length(database: Database, choice: Choice) -> int:
    """The cases of a list, page by page."""
    first = listed(database, choice, 1)
    ids = [one.event_id for page in range(1, first.pages + 1) for one in listed(database, choice, page).cases]
    assert len(ids) == len(set(ids)) == first.total
    return first.total


def test_for_random_choices_each_number_is_the_length_of_its_list(database, store):
    chosen = Random(14)
    store("journal", "journal.v1", *cases(chosen, 200))
    compared = 0
    for _ in range(12):
        choice = random_choice(chosen)
        assert choice_of(dict(httpx.QueryParams(choice.query()[1:]))) == choice
        found = numbers(database, choice)
        assert found.cases == length(database, choice)
        assert sum(bar.cases for bar in found.bars) + found.without_day == found.cases
        for bar in chosen.sample(list(found.bars), min(2, len(found.bars))):
            within = choice._replace(first=max(bar.first, choice.first or bar.first), last=min(bar.last, choice.last or bar.last))
            assert bar.cases == length(database, within)
            compared += 1
        for facet in FACETS:
            for value, count in found.facets[facet][:2]:
                if value:
                    assert count == length(database, choice._replace(**{facet: value}))
                    compared += 1
    print(f"{compared} numbers are the length of their lists")
    assert compared > 80
    assert numbers(database, Choice()).cases > PAGE
