"""`mekong up` with Kafka behind a door: clients are told the door's port, the broker talks to itself by a port of its own.

    chaos_up.py DOOR INSIDE --kafka-port=… --clock=on

What a broker says to itself (a transaction's markers above all) does not concern clients, and is left alone.
"""

from __future__ import annotations

import sys

from mekong.deploy.cli import main
from mekong.deploy.local import stack
from mekong.deploy.local.kafka import HOST, Kafka

PROPERTIES = """\
listeners=PLAINTEXT://{host}:{port},INSIDE://{host}:{inside},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{door},INSIDE://{host}:{inside}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=INSIDE
"""
DOOR, INSIDE = sys.argv[1:3]


class Behind(Kafka):
    """The broker behind the door."""

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{DOOR}"

    def prepare(self) -> None:
        super().prepare()
        theirs = PROPERTIES.format(host=HOST, port=self.port, inside=INSIDE, controller=self.controller_port, door=DOOR)
        names = {line.partition("=")[0] for line in theirs.splitlines()}
        kept = [line for line in self._settings.read_text("utf-8").splitlines() if line.partition("=")[0] not in names]
        self._settings.write_text("\n".join([*kept, theirs]), encoding="utf-8")


stack.Kafka = Behind  # type: ignore[misc]
if __name__ == "__main__":
    sys.argv[1:] = ["up", *sys.argv[3:]]
    sys.exit(main())
