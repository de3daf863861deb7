"""A share lane for tests, and what its journal and alerts hold."""

import json
from datetime import date
from functools import partial

from mekong.schemas import wire
from mekong.schemas.alerts import Kind, State, alert_id
from mekong.schemas.control import AgencyProfile, Membership
from mekong.streams.core.draft import Draft
from mekong.streams.core.notices.share import fold_alerts, fold_journal
from tests.fakes import written

VN, LA, TH, KR = "VN-CUSTOMS", "LA-CUSTOMS", "TH-CUSTOMS", "KR-CUSTOMS"
MONTH = {"bucket": {"size": "month", "start": "2026-05-01", "end": "2026-05-31"}}
RED = {"tlp": "TLP:RED", "release_to": [TH]}
DAY, LATER = date(2026, 5, 3), date(2026, 9, 1)


def membership(phase="OMD-VII", starts="2026-04-01", ends="2026-08-31", groups=(), role="member"):
    return Membership(operation="OMD", phase=phase, role=role, starts_on=starts, ends_on=ends, commodity_groups=groups)


def profile(agency, *memberships, offset="+07:00"):
    found = {"kind": "customs", "country": agency[:2], "region": "South-eastern Asia", "utc_offset": offset, "memberships": memberships}
    return AgencyProfile(agency=agency, name=agency, **found)


def registered(agency, *memberships, received="2026-05-01T00:00:00.000Z", offset="+07:00"):
    found = profile(agency, *memberships, offset=offset).model_dump(mode="json")
    return {"kind": "agency", "format": 1, "agency": agency, "received_at": received, "profile": found}


def tick(agency, at):
    return {"kind": "tick", "format": 1, "agency": agency, "at": at, "received_at": at}


def version(agency, event, family="case", received="2026-05-03T08:00:00.000Z", number=1, status="current", **content):
    return {
        "kind": "version",
        "format": 1,
        "event_id": event,
        "agency": agency,
        "case_no": event,
        "family": family,
        "version": number,
        "status": status,
        "received_at": received,
        "content": content,
    }


def alert(agency=VN, raised="2026-05-03T08:00:00Z", events=(), group="drug", **more):
    series = "/".join(part for part in (agency or "network", group) if part)
    return {
        "format": 1,
        "alert_id": str(alert_id(Kind.SPIKE, series, raised, State.OPEN)),
        "kind": "SPIKE",
        "state": "open",
        "tier": "SPIKE",
        "series": series,
        **({"agency": agency} if agency else {"network": True}),
        **({"commodity_group": group} if group else {}),
        "bucket": {"size": "day", "start": "2026-05-03", "end": "2026-05-03"},
        "raised_at": raised,
        "event_ids": list(events),
        "sentences": {"en": "x", "vi": "x", "zh": "x"},
        **more,
    }


class World:
    """A share lane; each call is one committed run."""

    def __init__(self):
        self.state = {}
        self.read = 0

    def _commit(self, fold, values):
        changes = {}
        records = [written(value, self.read + place) for place, value in enumerate(values)]
        told = [(one.member, json.loads(wire.dump(one.shared))) for one in fold(Draft(self.state, changes), records)]
        for key, value in changes.items():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = value
        return told

    def journal(self, *entries, partition=0):
        told = self._commit(partial(fold_journal, partition=partition), entries)
        self.read += len(entries)
        return told

    def alerts(self, *alerts):
        return self._commit(fold_alerts, alerts)


def whom(told, kind=None):
    return [member for member, shared in told if kind in (None, shared["kind"])]
