"""Declares the tables and views of ClickHouse and their columns, once for all of the project (``shape.py``).

``mekong migrate --new NAME`` writes a migration: it changes the tables of all earlier migrations to the tables that are declared here.
"""

from __future__ import annotations

from mekong.schemas.tables.briefing import BRIEFING
from mekong.schemas.tables.cases import (
    AGENCIES,
    CASE_BY_ID,
    CASE_BY_NUMBER,
    SEIZURE_LINES,
    SEIZURE_VERSIONS,
    SEIZURES,
    SEIZURES_AS_OF,
)
from mekong.schemas.tables.counting import BUCKETS, COUNTS, CURRENT_COUNTS
from mekong.schemas.tables.deciding import DECISIONS, INCIDENT_CASES, INCIDENTS, NETWORK_SEIZURES, PAIR_DECISIONS
from mekong.schemas.tables.journal import JOURNAL
from mekong.schemas.tables.keeping import DEAD_LETTERS, MIGRATIONS, REDRIVEN
from mekong.schemas.tables.notices import ALERTS, ANSWERS, DELIVERIES, DELIVERY_LOG, NOTIFICATIONS
from mekong.schemas.tables.receipts import RECEIPTS, REJECTIONS
from mekong.schemas.tables.shape import Shape
from mekong.schemas.tables.view import View

SHAPES: tuple[Shape, ...] = (
    JOURNAL,
    RECEIPTS,
    COUNTS,
    BUCKETS,
    ALERTS,
    NOTIFICATIONS,
    DELIVERIES,
    ANSWERS,
    DECISIONS,
    DEAD_LETTERS,
    REDRIVEN,
    MIGRATIONS,
)
VIEWS: tuple[View, ...] = (
    SEIZURES,
    SEIZURES_AS_OF,
    SEIZURE_VERSIONS,
    CASE_BY_ID,
    CASE_BY_NUMBER,
    SEIZURE_LINES,
    REJECTIONS,
    AGENCIES,
    CURRENT_COUNTS,
    DELIVERY_LOG,
    PAIR_DECISIONS,
    INCIDENT_CASES,
    INCIDENTS,
    NETWORK_SEIZURES,
    *BRIEFING,
)
"""A view that reads another view is after it."""
