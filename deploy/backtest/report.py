"""Defines the result of a back-test, as values, and as JSON for a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mekong.deploy.backtest.compare import Detection, Period, Precision, RaisedAlert, Row, days_to_tell
from mekong.deploy.backtest.happened import Happened
from mekong.deploy.backtest.load import PHASE_DAYS, Load
from mekong.deploy.backtest.planted import Search
from mekong.deploy.backtest.wording import sentence


class Side(NamedTuple):
    """One of the two tellings of the same time."""

    rules: tuple[str, ...]
    """The versions of the rules under which the alerts were raised."""
    alerts: int
    only: list[RaisedAlert]
    """What the other does not have."""
    precision: Precision
    detection: Detection | None
    load: Load
    planted: list[Search]


class Report(NamedTuple):
    """All of it. ``was`` is None where nothing is there to compare with."""

    source: str
    period: Period
    entries: int
    seconds: float
    """The time for reading and replaying."""
    outcomes: Mapping[str, int]
    """What became of a file's messages; empty for a journal."""
    would: Side
    was: Side | None
    rows: list[Row]
    lost: list[RaisedAlert]
    """Alerts that were judged real, and that these rules do not raise."""
    strongest: list[Happened]

    @property
    def rate(self) -> float:
        """Entries a second."""
        return self.entries / self.seconds if self.seconds else 0.0

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "source": self.source,
            "from": str(self.period.first),
            "to": str(self.period.last),
            "entries": self.entries,
            "seconds": round(self.seconds, 3),
            "entries_per_second": round(self.rate),
            "outcomes": dict(self.outcomes),
            "would": _side(self.would),
            "was": _side(self.was) if self.was else None,
            "by_agency_and_kind": [row._asdict() for row in self.rows],
            "lost_though_real": [_raised(one) for one in self.lost],
            "strongest": [_happened(one) for one in self.strongest],
        }


def _side(side: Side) -> dict[str, Any]:
    return {
        "rules": list(side.rules),
        "alerts": side.alerts,
        "only_here": [_raised(one) for one in side.only],
        "precision": {**side.precision._asdict(), "share": side.precision.share},
        "detection": side.detection._asdict() if side.detection else None,
        "subscriber_to_everything": {
            "at_once": len(side.load.at_once),
            "digests": len(side.load.digests),
            "alerts": side.load.alerts,
            f"in_{PHASE_DAYS}_days": {
                "at_once_usually": round(side.load.usual, 1),
                "at_once_at_most": side.load.busiest,
                "with_digests_at_most": side.load.busiest_with_digests,
            },
        },
        "planted": [_search(one) for one in side.planted],
    }


def _raised(one: RaisedAlert) -> dict[str, Any]:
    return {
        "alert_id": str(one.opened.alert_id),
        "kind": one.opened.kind.value,
        "series": one.opened.series,
        "opened": str(one.opened.opened),
        "raised_at": one.opened.raised_at.isoformat(),
        "days_to_tell": round(days_to_tell(one.opened), 2),
        "sentence": one.opened.sentences.en,
    }


def _happened(one: Happened) -> dict[str, Any]:
    figures = {name: value._asdict() if value else None for name, value in (("now", one.now), ("before", one.before), ("after", one.after))}
    parts: dict[str, Sequence[Any]] = {"goods": one.goods, "agencies": one.agencies}
    return {
        **_raised(one.raised),
        "bits": one.bits,
        "bucket": {"size": one.size, "start": str(one.height)},
        **figures,
        **{name: [part._asdict() for part in found] for name, found in parts.items()},
        "what_happened": sentence(one),
    }


def _search(one: Search) -> dict[str, Any]:
    return {
        "planted": one.planted.model_dump(mode="json", exclude={"case_nos"}),
        "alert_id": str(one.alert.alert_id) if one.alert else None,
        "days": round(one.days, 2) if one.days is not None else None,
    }
