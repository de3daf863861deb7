"""One secured broker with more doors than one: each of them is wrong in one way that a member meets."""

from __future__ import annotations

from functools import cached_property

from mekong.deploy.local.ports import HOST, free_port
from tests.e2e.secured_brokers import ADMIN, ADMIN_PASSWORD, Broker, Cluster, make_store

SCRAM = (
    "listener.name.{door}.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required "
    f'username="{ADMIN}" password="{ADMIN_PASSWORD}";\n'
)
DATES = {"expired": ("-10d", "5"), "early": ("+5d", "30")}
"""Door -> when its certificate begins, and how many days it holds."""


class OneBroker(Broker):
    """A broker with the doors ``plain`` (no TLS, no user), ``astray`` (sends its clients on to a host that nobody knows) and ``DATES``."""

    @cached_property
    def doors(self) -> dict[str, int]:
        return {door: free_port() for door in ("plain", "astray", *DATES)}

    def prepare(self) -> None:
        super().prepare()
        for door, (begins, days) in DATES.items():
            make_store(self.certificates, f"{door}.p12", "-startdate", begins, "-validity", days)
        text = self._settings.read_text(encoding="utf-8")
        opened = "".join(f",{door.upper()}://{HOST}:{port}" for door, port in self.doors.items())
        told = opened.replace(f"{HOST}:{self.doors['astray']}", "nobody-knows.invalid:9093")
        kinds = "".join(f",{door.upper()}:{'PLAINTEXT' if door == 'plain' else 'SASL_SSL'}" for door in self.doors)
        for before, more in (("\nlisteners=", opened), ("\nadvertised.listeners=", told), ("\nlistener.security.protocol.map=", kinds)):
            head, _, tail = text.partition(before)
            line, _, rest = tail.partition("\n")
            text = f"{head}{before}{line}{more}\n{rest}"
        text += "".join(SCRAM.format(door=door) for door in self.doors if door != "plain")
        text += "".join(f"listener.name.{door}.ssl.keystore.location={self.certificates}/{door}.p12\n" for door in DATES)
        self._settings.write_text(text, encoding="utf-8")


class OneCluster(Cluster):
    """The one broker."""

    numbers = (1,)
    kind = OneBroker

    @property
    def doors(self) -> dict[str, int]:
        broker = self.brokers[1]
        assert isinstance(broker, OneBroker)
        return broker.doors
