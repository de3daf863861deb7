"""Creates the topics of a deployment as ``schemas/topics.py`` declares them, and compares existing topics with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import NoError, TopicAlreadyExistsError, for_code

from mekong.producers.broker import reaching
from mekong.schemas.connect import kafka_options
from mekong.schemas.errors import Fatal, Refused
from mekong.schemas.settings import Settings
from mekong.schemas.topics import REGISTRY, SHARED, Topic

AT_ONCE = 50  # topics in one request
SEEN_WITHIN_MS = 60_000


@contextmanager
def admin_client(settings: Settings, doing: str = "look after the topics") -> Iterator[KafkaAdminClient]:
    """An admin client of the deployment's Kafka, closed at the end.

    It turns errors of Kafka into errors of the project, with what was being done.
    """
    with reaching(settings, doing):
        admin = KafkaAdminClient(**kafka_options(settings))
        try:
            yield admin
        finally:
            admin.close()


def create_topics(settings: Settings, topics: Iterable[Topic] = SHARED, agencies: Iterable[str] = ()) -> list[str]:
    """Make what is missing of ``topics``, those with one for each agency for ``agencies``; the names of those made.

    A new deployment's secret must be a long one. Does nothing to a topic that exists, but
    raises Fatal when it has another number of partitions: lanes are partitions.
    """
    with admin_client(settings) as admin:
        expect_replication(admin, settings)
        if REGISTRY in (wanted := tuple(topics)) and not partitions_with(admin, [REGISTRY.name]):
            settings.check_new_secret()
        return create_with(admin, settings.kafka_replication, wanted, agencies)


def expect_replication(admin: KafkaAdminClient, settings: Settings) -> None:
    """Raises Refused when there are several brokers and no setting gives the number of replicas."""
    brokers = len(admin.describe_cluster()["brokers"])
    if brokers > 1 and "kafka_replication" not in settings.model_fields_set:
        raise Refused(
            f"This cluster has {brokers} brokers, and MEKONG_KAFKA_REPLICATION is not set: 3 is right for a real deployment."
            " With 1 what a broker has is lost with it."
        )


def create_with(admin: KafkaAdminClient, replication: int, topics: Iterable[Topic], agencies: Iterable[str] = ()) -> list[str]:
    """``create_topics`` on a client that is open."""
    codes = tuple(agencies)
    wanted = {name: topic for topic in topics for name in ([topic.of(code) for code in codes] if topic.per_agency else [topic.name])}
    there = partitions_with(admin, wanted)
    for name, partitions in there.items():
        if partitions != wanted[name].partitions:
            raise Fatal(
                f"Topic {name} has {partitions} partitions, not {wanted[name].partitions}: this deployment was made by another version."
            )
    made = [name for name in wanted if name not in there]
    for start in range(0, len(made), AT_ONCE):
        _create(admin, [_new(name, wanted[name], replication) for name in made[start : start + AT_ONCE]])
    return made


def partitions_with(admin: KafkaAdminClient, names: Iterable[str]) -> dict[str, int]:
    """Topic -> number of partitions, of those of ``names`` that exist."""
    there = set(admin.list_topics()) & set(names)
    return {found["name"]: len(found["partitions"]) for found in admin.describe_topics(sorted(there))} if there else {}


def _create(admin: KafkaAdminClient, topics: list[NewTopic]) -> None:
    answer = admin.create_topics(topics, raise_errors=False)
    for found in answer["topics"]:
        refused = for_code(found["error_code"])
        if refused not in (NoError, TopicAlreadyExistsError):  # made by another in the meantime: as good
            raise refused(f"{found['name']}: {found['error_message']}")
    admin.wait_for_topics([topic.name for topic in topics], timeout_ms=SEEN_WITHIN_MS)


def _new(name: str, topic: Topic, replication: int) -> NewTopic:
    config = dict(topic.config)
    if replication > 2:  # noqa: PLR2004 - a majority of three or more has what was acknowledged
        config["min.insync.replicas"] = str(replication // 2 + 1)
    return NewTopic(name, num_partitions=topic.partitions, replication_factor=replication, topic_configs=config)
