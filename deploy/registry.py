"""Reads and writes the agencies and phases of a deployment: their topics, their profiles, and the register (``registry.v1``)."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from kafka import KafkaAdminClient

from mekong.deploy.fence import Fence, Lost, Outgoing
from mekong.deploy.profiles import Phase, known_phases, nearest, profile_of, with_phases
from mekong.deploy.secret import SECRET, compare, fingerprint
from mekong.deploy.topics import admin_client, create_topics, create_with, expect_replication
from mekong.schemas.activations import PREFIX as LINK
from mekong.schemas.activations import Link
from mekong.schemas.codes import code_list
from mekong.schemas.control import CONTROL_HEADER, AgencyProfile, sign
from mekong.schemas.errors import Refused, Retriable
from mekong.schemas.settings import Settings
from mekong.schemas.tokens import PREFIX, Token
from mekong.schemas.topics import ACTIVATIONS, INCOMING, PER_AGENCY, REGISTRY
from mekong.schemas.wire import decode, encode
from mekong.sinks.reading import read_topic

__all__ = [
    "Phase",
    "Registry",
    "add_agencies",
    "add_agency",
    "add_phase",
    "begin",
    "changed",
    "create_topics",
    "list_agencies",
    "list_phases",
    "profile_of",
]

_ATTEMPTS = 8
log = logging.getLogger(__name__)


class Registry:
    """The register as it was read, and what a change makes of it: ``outgoing``, all or nothing."""

    def __init__(self, settings: Settings, admin: KafkaAdminClient, found: Mapping[str, bytes]) -> None:
        self._settings = settings
        self._admin = admin
        self.agencies = {key.partition(":")[2]: decode(raw, AgencyProfile) for key, raw in found.items() if key.startswith("agency:")}
        self.phases = {key.partition(":")[2]: decode(raw, Phase) for key, raw in found.items() if key.startswith("phase:")}
        self.tokens = {key: decode(raw, Token) for key, raw in found.items() if key.startswith(PREFIX)}
        self.links = {key: decode(raw, Link) for key, raw in found.items() if key.startswith(LINK)}
        self._went_out = {key.partition(":")[2]: decode(raw, AgencyProfile) for key, raw in found.items() if key.startswith("outgoing:")}
        self.outgoing: list[Outgoing] = []

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings) -> Iterator[Registry]:
        """The register of a deployment, to look at; its topics are made when they are missing."""
        with admin_client(settings, "read the register of agencies and phases") as admin:
            create_with(admin, settings.kafka_replication, [REGISTRY, ACTIVATIONS])
            yield cls(settings, admin, read_compacted(settings, REGISTRY.name))

    def add_agencies(self, profiles: Iterable[AgencyProfile]) -> list[str]:
        """Create the topics of new agencies, and write profiles that are new or changed. Returns the codes of these agencies.

        The profiles of the other agencies have the list of all agencies, so they may change too.
        """
        return self._write(self._again(profile) for profile in profiles)

    def _write(self, profiles: Iterable[AgencyProfile]) -> list[str]:
        if not self.agencies:
            self._settings.check_new_secret()
        asked = {profile.agency: with_phases(profile, self.phases.values()) for profile in profiles}
        everyone = {**self.agencies, **asked}
        there = {code: profile for code, profile in everyone.items() if profile.status != "removed"}
        members = {"members": tuple(sorted(there))}  # each profile lists them: docs/decisions/0018-state-in-small-records.md
        whole = [self._numbered(profile.model_copy(update=members)) for profile in {**there, **asked}.values()]
        create_with(self._admin, self._settings.kafka_replication, PER_AGENCY, list(asked))
        changed = [profile for profile in whole if self.agencies.get(profile.agency) != profile]
        for profile in changed:
            self._put(profile)
        return [profile.agency for profile in changed if profile.agency in asked]

    def change(self, code: str, **fields: str) -> list[str]:
        """Change the values of an agency. Returns its code when they differ. Raises Refused for an agency that does not exist."""
        if code not in self.agencies:
            raise Refused(f"Agency {code} is not registered{nearest(code, self.agencies)}. `mekong agency list` shows who is.")
        return self._write([self.agencies[code].model_copy(update=fields)])

    def _again(self, profile: AgencyProfile) -> AgencyProfile:
        """The profile of an agency that exists. A disabled agency stays disabled; a removed one is back."""
        known = self.agencies.get(profile.agency)
        if known is None or known.status == "removed":
            return profile
        return profile.model_copy(update={"status": known.status, "reason": known.reason})

    def _put(self, profile: AgencyProfile) -> None:
        """Write a profile into the register, and signed into the agency's own topic, in one transaction."""
        code = profile.agency
        self.outgoing += [self._control_record(profile), (REGISTRY.name, f"agency:{code}", encode(profile), [])]
        if self._went_out.pop(code, None):  # of a version that wrote the two apart
            self.outgoing.append((REGISTRY.name, f"outgoing:{code}", None, []))
        self.agencies[code] = profile

    def _numbered(self, profile: AgencyProfile) -> AgencyProfile:
        """The profile with the number of the last one written, or with the next number when it has changed."""
        now = self._went_out.get(profile.agency) or self.agencies.get(profile.agency)
        if now is None:
            return profile
        same = profile.model_copy(update={"number": now.number})
        return same if same == now else same.model_copy(update={"number": now.number + 1})

    def add_phase(self, phase: Phase) -> list[str]:
        """Write the phase, and the profiles of the agencies whose part it changes. Returns their codes.

        Raises Refused for unknown names.
        """
        self._check(phase)
        if self.phases.get(phase.code) != phase:
            self.outgoing.append((REGISTRY.name, f"phase:{phase.code}", encode(phase), []))
            self.phases[phase.code] = phase
        return self._write(list(self.agencies.values()))

    def _check(self, phase: Phase) -> None:
        if phase.code in known_phases():
            raise Refused(f"Phase {phase.code} is on the code list already: `mekong phase list` shows it.")
        if phase.ends_on < phase.starts_on:
            raise Refused(f"Phase {phase.code} ends on {phase.ends_on}, before it starts ({phase.starts_on}).")
        agencies = {**code_list("agencies"), **self.agencies}
        for field, names, known in (
            ("Operation", [phase.operation], code_list("operations")),
            ("Commodity group", phase.commodity_groups, code_list("commodity_groups")),
            ("Agency", phase.members, agencies),
        ):
            for name in names:
                if name not in known:
                    raise Refused(f"{field} {name!r} is not known{nearest(name, known)}.")

    def _control_record(self, profile: AgencyProfile) -> Outgoing:
        topic, value = INCOMING.of(profile.agency), encode(profile)
        mac = sign(self._settings.control_keys().signing, topic, value)
        return topic, profile.agency, value, [(CONTROL_HEADER, mac)]


def changed(settings: Settings, change: Callable[[Registry], list[str]]) -> list[str]:
    """Read the register, let ``change`` decide what is written, and write it. Returns what ``change`` returned.

    When two operators write at once, the later one fences off the earlier one, which reads the register again and continues from that. An
    operator without an answer does the same. Raises Retriable when this does not come to an end.
    """
    found: list[str] = []
    with admin_client(settings, "change the register of agencies and phases") as admin:
        expect_replication(admin, settings)
        create_with(admin, settings.kafka_replication, [REGISTRY, ACTIVATIONS])
        for attempt in range(_ATTEMPTS):
            try:
                with Fence.opened(settings) as fence:
                    there = read_compacted(settings, REGISTRY.name)
                    compare(settings, there)
                    registry = Registry(settings, admin, there)
                    said = change(registry)
                    found = said if registry.outgoing else found  # nothing left to write: what was not answered is there
                    if SECRET not in there:
                        registry.outgoing.append((REGISTRY.name, SECRET, fingerprint(settings), []))
                    if registry.outgoing:
                        fence.commit(registry.outgoing)
                    return found
            except Lost as exc:
                log.info("the register is read again: %s", exc)
                time.sleep(random.uniform(0, 0.5 * 2**attempt))  # noqa: S311 - so that two operators do not fence off each other without end
    raise Retriable("the register could not be changed: others change it all the time, or Kafka does not answer", 5.0)


def begin(settings: Settings) -> list[str]:
    """Create missing topics, and write the secret's fingerprint where there is none. Returns the topics that were created.

    Raises Refused when the secret is not that of the deployment. A person who only creates topics may not have it.
    """
    made = create_topics(settings)
    if settings.has_secret() and SECRET not in (there := read_compacted(settings, REGISTRY.name)):
        changed(settings, lambda _: [])
    elif settings.has_secret():
        compare(settings, there)
    return made


def add_agency(settings: Settings, profile: AgencyProfile) -> bool:
    """Add one agency, or write its profile again when it changed; whether anything was written. Twice changes nothing."""
    return bool(add_agencies(settings, [profile]))


def add_agencies(settings: Settings, profiles: Iterable[AgencyProfile]) -> list[str]:
    """Add many at once; the codes of those that were new or changed."""
    wanted = list(profiles)
    return changed(settings, lambda registry: registry.add_agencies(wanted))


def list_agencies(settings: Settings) -> list[AgencyProfile]:
    """The agencies of this deployment, by code."""
    with Registry.opened(settings) as registry:
        return sorted(registry.agencies.values(), key=lambda profile: profile.agency)


def add_phase(settings: Settings, phase: Phase) -> list[str]:
    """Add a phase to this deployment. Returns the agencies whose profile was written again."""
    return changed(settings, lambda registry: registry.add_phase(phase))


def list_phases(settings: Settings) -> list[Phase]:
    """The phases of the code lists and of this deployment, by their first day."""
    with Registry.opened(settings) as registry:
        return sorted({**known_phases(), **registry.phases}.values(), key=lambda phase: (phase.starts_on, phase.code))


def read_compacted(settings: Settings, topic: str) -> dict[str, bytes]:
    """The newest value of each key of a topic with one partition, up to its end now. Raises Retriable when the broker is away."""
    found: dict[str, bytes] = {}
    for records in read_topic(settings, topic, partitions=[0]):
        for record in records:
            if record.value is None:
                found.pop(record.key.decode(), None)
            else:
                found[record.key.decode()] = record.value
    return found
