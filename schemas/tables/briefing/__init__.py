"""Lists the views that a briefing and analysts read, in the order of the tables of a briefing. A view that reads another is after it.

Each takes the parameters that ``scope.py`` lists. ``sinks/reports/tables`` says how a briefing shows them.
"""

from __future__ import annotations

from mekong.schemas.tables.briefing.counts import COUNTED_CASES, DAYS, GOODS, GROUPS, MEMBER_GROUPS, MEMBERS, QUANTITIES
from mekong.schemas.tables.briefing.links import JOINT, WARNINGS
from mekong.schemas.tables.briefing.patterns import CONCEALMENT, DETECTION, FIRST_SEEN, LARGEST, PLACES, ROUTES
from mekong.schemas.tables.briefing.quality import CHANGES, QUALITY, RESPONSE
from mekong.schemas.tables.view import View

BRIEFING: tuple[View, ...] = (
    COUNTED_CASES,
    GROUPS,
    QUANTITIES,
    GOODS,
    MEMBERS,
    ROUTES,
    CONCEALMENT,
    DETECTION,
    LARGEST,
    FIRST_SEEN,
    QUALITY,
    CHANGES,
    RESPONSE,
    MEMBER_GROUPS,
    DAYS,
    PLACES,
    WARNINGS,
    JOINT,
)
