"""Agencies and phases of one deployment: their topics, their profiles, and the register of both (``registry.v1``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from deploy.profiles import Phase, known_phases, nearest, profile_of, with_phases
from deploy.topics import admin_client, create_topics, create_with
from producers.broker import expect
from schemas.codes import code_list
from schemas.connect import kafka_options
from schemas.control import CONTROL_HEADER, AgencyProfile, sign
from schemas.errors import Refused
from schemas.settings import Settings
from schemas.topics import INCOMING, PER_AGENCY, REGISTRY
from schemas.wire import decode, encode
from sinks.upto import up_to

__all__ = ["Phase", "Registry", "add_agencies", "add_agency", "add_phase", "create_topics", "list_agencies", "list_phases", "profile_of"]

WAIT_S = 30
Outgoing = tuple[str, str, bytes, list[tuple[str, bytes]]]
"""Topic, key, value, headers."""


class Registry:
    """The register, read when it is opened, with the clients to change it. Make it with ``Registry.opened``."""

    def __init__(self, settings: Settings, admin: KafkaAdminClient, found: Mapping[str, bytes]) -> None:
        self._settings = settings
        self._admin = admin
        self.agencies = {key.partition(":")[2]: decode(raw, AgencyProfile) for key, raw in found.items() if key.startswith("agency:")}
        self.phases = {key.partition(":")[2]: decode(raw, Phase) for key, raw in found.items() if key.startswith("phase:")}
        self._outgoing = {key.partition(":")[2]: decode(raw, AgencyProfile) for key, raw in found.items() if key.startswith("outgoing:")}

    @classmethod
    @contextmanager
    def opened(cls, settings: Settings) -> Iterator[Registry]:
        """The register of a deployment; its topic is made when it is missing."""
        with admin_client(settings, "read and write the register of agencies and phases") as admin:
            create_with(admin, settings.kafka_replication, [REGISTRY])
            yield cls(settings, admin, read_compacted(settings, REGISTRY.name))

    def add_agencies(self, profiles: Iterable[AgencyProfile]) -> list[str]:
        """Make the topics of new agencies and write the profiles that are new or changed; their codes.

        The register is told first what goes out, then the agency's own topic has it, then it is registered. When we are interrupted,
        adding again mends it: a number that may have gone out is never given to another profile, which intake would drop.
        """
        whole = [self._numbered(with_phases(profile, self.phases.values())) for profile in profiles]
        changed = [profile for profile in whole if self.agencies.get(profile.agency) != profile]
        create_with(self._admin, self._settings.kafka_replication, PER_AGENCY, [profile.agency for profile in whole])
        self._write(_registered("outgoing", profile) for profile in changed)
        self._write(self._control_record(profile) for profile in changed)
        self._write(_registered("agency", profile) for profile in changed)
        written = {profile.agency: profile for profile in changed}
        self.agencies.update(written)
        self._outgoing.update(written)
        return list(written)

    def _numbered(self, profile: AgencyProfile) -> AgencyProfile:
        """The profile with the number of the one that went out last, or the next one when it says something new."""
        now = self._outgoing.get(profile.agency) or self.agencies.get(profile.agency)
        if now is None:
            return profile
        same = profile.model_copy(update={"number": now.number})
        return same if same == now else same.model_copy(update={"number": now.number + 1})

    def add_phase(self, phase: Phase) -> list[str]:
        """Write the phase, and the profiles of the agencies whose part it changes; their codes. Raises Refused for unknown names."""
        self._check(phase)
        if self.phases.get(phase.code) != phase:
            self._write([(REGISTRY.name, f"phase:{phase.code}", encode(phase), [])])
            self.phases[phase.code] = phase
        return self.add_agencies(list(self.agencies.values()))

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
        mac = sign(self._settings.deployment_secret(), topic, value)
        return topic, profile.agency, value, [(CONTROL_HEADER, mac)]

    def _write(self, records: Iterable[Outgoing]) -> None:
        """Write, and return when all are acknowledged. Raises kafka-python's error for one that is not."""
        outgoing = list(records)
        if not outgoing:
            return
        producer = KafkaProducer(**kafka_options(self._settings), acks="all", enable_idempotence=True)
        try:
            expect(producer, {topic for topic, *_ in outgoing})
            sent = [producer.send(topic, value, key=key.encode(), headers=headers) for topic, key, value, headers in outgoing]
            for future in sent:
                future.get(WAIT_S)
        finally:
            producer.close(WAIT_S)


def _registered(what: str, profile: AgencyProfile) -> Outgoing:
    return REGISTRY.name, f"{what}:{profile.agency}", encode(profile), []


def add_agency(settings: Settings, profile: AgencyProfile) -> bool:
    """Add one agency, or write its profile again when it changed; whether anything was written. Twice changes nothing."""
    return bool(add_agencies(settings, [profile]))


def add_agencies(settings: Settings, profiles: Iterable[AgencyProfile]) -> list[str]:
    """Add many at once; the codes of those that were new or changed."""
    with Registry.opened(settings) as registry:
        return registry.add_agencies(profiles)


def list_agencies(settings: Settings) -> list[AgencyProfile]:
    """The agencies of this deployment, by code."""
    with Registry.opened(settings) as registry:
        return sorted(registry.agencies.values(), key=lambda profile: profile.agency)


def add_phase(settings: Settings, phase: Phase) -> list[str]:
    """Add a phase to this deployment; the agencies whose profile was written again."""
    with Registry.opened(settings) as registry:
        return registry.add_phase(phase)


def list_phases(settings: Settings) -> list[Phase]:
    """The phases of the code lists and of this deployment, by their first day."""
    with Registry.opened(settings) as registry:
        return sorted({**known_phases(), **registry.phases}.values(), key=lambda phase: (phase.starts_on, phase.code))


def read_compacted(settings: Settings, topic: str) -> dict[str, bytes]:
    """The newest value under each key of a topic of one partition, up to its end as of now. Raises Retriable when the broker goes away."""
    partition = TopicPartition(topic, 0)
    consumer = KafkaConsumer(**kafka_options(settings), auto_offset_reset="earliest", isolation_level="read_committed")
    try:
        consumer.assign([partition])
        ends = consumer.end_offsets([partition])
        consumer.seek_to_beginning(partition)
        found: dict[str, bytes] = {}
        for polled in up_to(consumer, ends, f"read {topic}"):
            for record in polled.get(partition, []):
                if record.value is None:
                    found.pop(record.key.decode(), None)
                else:
                    found[record.key.decode()] = record.value
        return found
    finally:
        consumer.close()
