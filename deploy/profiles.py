"""Makes an agency's profile from code lists and phases. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, NamedTuple

from pydantic import ValidationError

from mekong.schemas import zones
from mekong.schemas.codes import code_list
from mekong.schemas.control import AgencyProfile, Membership
from mekong.schemas.errors import Refused
from mekong.schemas.messages import AGENCY_PATTERN
from mekong.schemas.record import Record

Kind = Literal["customs", "police", "other"]
_OFFSET = re.compile(r"[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00", re.ASCII)


class Phase(Record):
    """One phase of an operation and who takes part. On ``registry.v1`` under ``phase:<code>`` when a deployment added it."""

    code: str
    operation: str
    name: str
    starts_on: date
    ends_on: date
    commodity_groups: tuple[str, ...] = ()
    members: Mapping[str, str] = {}
    """Agency -> role."""

    def status_on(self, day: date) -> Literal["planned", "active", "closed"]:
        """Whether ``day`` is before, in or after the phase. Its first and last day belong to it."""
        if day < self.starts_on:
            return "planned"
        return "active" if day <= self.ends_on else "closed"

    def membership(self, role: str) -> Membership:
        """An agency's part in it."""
        return Membership(
            operation=self.operation,
            phase=self.code,
            role=role,
            starts_on=self.starts_on,
            ends_on=self.ends_on,
            commodity_groups=self.commodity_groups,
        )


class Given(NamedTuple):
    """What a person gives about an agency. The code lists fill the empty fields."""

    name: str = ""
    kind: str = ""
    country: str = ""
    utc_offset: str = ""
    zone: str = ""


def known_phases() -> dict[str, Phase]:
    """The phases of the code lists, with the members that the list ``memberships`` has."""
    members: dict[str, dict[str, str]] = {}
    for entry in code_list("memberships").values():
        members.setdefault(entry.fields["phase"], {})[entry.fields["agency"]] = entry.fields["role"]
    return {
        entry.code: Phase(
            code=entry.code,
            operation=entry.fields["operation"],
            name=entry.label(),
            starts_on=date.fromisoformat(entry.fields["starts_on"]),
            ends_on=date.fromisoformat(entry.fields["ends_on"]),
            commodity_groups=tuple(entry.fields["commodity_groups"].split()),
            members=members.get(entry.code, {}),
        )
        for entry in code_list("phases").values()
    }


def profile_of(code: str, given: Given = Given(), phases: Iterable[Phase] = ()) -> AgencyProfile:  # noqa: B008 - a NamedTuple cannot change
    """The profile of an agency of the code lists, or of one that ``given`` describes, with its part in ``phases``.

    Raises Refused when the code is malformed, or when it is not on the list and something is not given.
    """
    if not re.fullmatch(AGENCY_PATTERN, code):
        raise Refused(f"{code!r} is not an agency code: give a country's two letters and a name, as VN-CUSTOMS or TH-NARCOTICS-POLICE.")
    listed = code_list("agencies").get(code)
    known = Given(listed.label(), listed.fields["kind"], listed.fields["country"], listed.fields["utc_offset"]) if listed else Given()
    given = _with_offset(code, given)
    said = Given(*(mine or theirs for mine, theirs in zip(given, known, strict=True)))
    absent = [f"--{field.replace('_', '-')}" for field, value in said._asdict().items() if not value and field != "zone"]
    if absent:
        raise Refused(
            f"Agency {code} is not on the code list{nearest(code, code_list('agencies'))}. "
            f"For a new one give {', '.join(absent)} too; --zone may stand for --utc-offset."
        )
    if said.country not in code_list("countries"):
        raise Refused(f"Country {said.country!r} is not on the code list{nearest(said.country, code_list('countries'))}.")
    if not _OFFSET.fullmatch(said.utc_offset):
        raise Refused(f"utc_offset of {code}: {said.utc_offset!r} is not an offset from UTC such as +07:00, at most 14 hours.")
    region = code_list("countries")[said.country].fields["region"]
    try:
        profile = AgencyProfile.model_validate({"agency": code, "region": region, **said._asdict(), "zone": said.zone or None})
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise Refused(f"{first['loc'][0]} of {code}: {first['msg']}.") from exc
    return with_phases(profile, [*known_phases().values(), *phases])


def _with_offset(code: str, given: Given) -> Given:
    """What was given, with the offset of its zone. Raises Refused for a zone that does not exist."""
    if not given.zone:
        return given
    if given.zone not in zones.names():
        near = nearest(given.zone, zones.names())
        raise Refused(f"zone of {code}: {given.zone!r} is not a time zone of the IANA database{near}, such as Asia/Ho_Chi_Minh.")
    return given._replace(utc_offset=zones.standard_offset(given.zone))


def with_phases(profile: AgencyProfile, phases: Iterable[Phase]) -> AgencyProfile:
    """The profile with its part in ``phases``, and no other part in these, in order of time."""
    given = {phase.code: phase for phase in phases}
    kept = [membership for membership in profile.memberships if membership.phase not in given]
    added = [phase.membership(phase.members[profile.agency]) for phase in given.values() if profile.agency in phase.members]
    return profile.model_copy(update={"memberships": tuple(sorted([*kept, *added], key=lambda one: (one.starts_on, one.phase)))})


def nearest(name: str, names: Iterable[str]) -> str:
    """`` (did you mean A, B?)``, or nothing when none is near."""
    near = difflib.get_close_matches(name, list(names), n=3, cutoff=0.6)
    return f" (did you mean {', '.join(near)}?)" if near else ""
