"""What an agency sends without a break, and how long its messages wait for their receipts."""

import json
import threading
from contextlib import contextmanager
from itertools import count

from kafka import KafkaProducer

from mekong.schemas.topics import INCOMING, RECEIPTS

EVERY_S = 0.05


def seizure(agency, number):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 2, "unit": "kg"}
    return {"message_type": "seizure", "agency": agency, "case_no": f"case {number}", "seized_at": "2026-05-03", "lines": [line]}


class Flow:
    """What an agency sends, one message after another, and how long each waited for its receipt."""

    def __init__(self, deployment, agency):
        self._deployment, self._agency, self._stop, self.sent = deployment, agency, threading.Event(), 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):
        producer = KafkaProducer(bootstrap_servers=self._deployment.bootstrap, acks="all")
        for number in count():
            if self._stop.wait(EVERY_S):
                break
            producer.send(INCOMING.of(self._agency), json.dumps(seizure(self._agency, number)).encode()).get(30)
            self.sent += 1
        producer.close()

    def longest_wait_s(self):
        """Ends the flow; each message has one receipt."""
        self._stop.set()
        self._thread.join()
        receipts = self._deployment.receipts(self._agency, self.sent)
        assert [receipt["outcome"] for receipt in receipts] == ["accepted"] * self.sent
        came = {record.offset: record.timestamp for record in self._deployment.read(INCOMING.of(self._agency))}
        told = [
            (json.loads(record.value)["source_offset"], record.timestamp) for record in self._deployment.read(RECEIPTS.of(self._agency))
        ]
        return max(at - came[offset] for offset, at in told) / 1_000

    @contextmanager
    def flowing(self):
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
