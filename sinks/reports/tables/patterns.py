"""Tables 4 to 8: routes, concealment, detection, the largest cases, and what is new."""

from __future__ import annotations

from mekong.schemas.tables.briefing.patterns import CONCEALMENT, DETECTION, FIRST_SEEN, LARGEST, PLACES, ROUTES
from mekong.sinks.reports.shape import Kind, ReportTable, Show

_GROUP = Show("commodity_group", Kind.WORD, "commodity_groups")
_AGENCY = Show("agency", Kind.AGENCY, "agencies")
_MASS = Show("mass_kg", Kind.KG)
_MOST = 20
TABLES = (
    ReportTable(
        "routes",
        4,
        (Show("origin", Kind.WORD, "countries"), Show("destination", Kind.WORD, "countries"), Show("cases"), _MASS),
        ("cases DESC", "origin", "destination"),
        ROUTES,
        most=_MOST,
    ),
    ReportTable(
        "concealment",
        5,
        (Show("transport_mode", Kind.WORD, "transport"), Show("concealment", Kind.WORD, "concealment"), Show("cases"), _MASS),
        ("cases DESC", "transport_mode", "concealment"),
        CONCEALMENT,
        most=_MOST,
    ),
    ReportTable(
        "detection",
        6,
        (Show("detection", Kind.WORD, "detection"), Show("cases"), Show("agencies"), _MASS, Show("median_kg", Kind.KG)),
        ("cases DESC", "detection"),
        DETECTION,
    ),
    ReportTable(
        "largest",
        7,
        (
            _GROUP,
            Show("rank"),
            _MASS,
            Show("goods", Kind.TEXT),
            _AGENCY,
            Show("case_no", Kind.TEXT),
            Show("seized_day", Kind.DAY),
            Show("country", Kind.WORD, "countries"),
            Show("transport_mode", Kind.WORD, "transport"),
            Show("concealment", Kind.WORD, "concealment"),
            Show("tlp", Kind.CODE),
        ),
        ("commodity_group", "rank"),
        LARGEST,
    ),
    ReportTable(
        "first_seen",
        8,
        (
            Show("feature", Kind.WORD),
            _GROUP,
            Show("value", Kind.FEATURE),
            Show("first_day", Kind.DAY),
            _AGENCY,
            Show("case_no", Kind.TEXT),
            Show("cases"),
            Show("agencies"),
        ),
        ("cases DESC", "agencies DESC", "first_day", "feature", "commodity_group", "value"),
        FIRST_SEEN,
        most=_MOST,
    ),
    ReportTable(
        "places",
        0,
        (
            Show("country", Kind.WORD, "countries"),
            Show("place", Kind.WORD, "places"),
            Show("lat", Kind.AMOUNT),
            Show("lon", Kind.AMOUNT),
            _GROUP,
            Show("cases"),
        ),
        ("cases DESC", "country", "place", "lat", "lon"),
        PLACES,
        most=-1,
    ),
)
