"""send.py AGENCY FILE: sends a file of messages (one JSON object a line) with confluent-kafka, and prints the receipt of each.

Ends with 0 when each message has its receipt, whatever the receipt says; with 1 when the broker refused a message or a receipt is missing.
"""

import json
import os
import sys
import time
import uuid
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition

RECEIPTS_WITHIN_S = 120


def connection():
    """The operator gives you the address, the user, the password and the CA file."""
    found = {"bootstrap.servers": os.environ["MEKONG_KAFKA_BOOTSTRAP"]}
    if "MEKONG_KAFKA_USERNAME" in os.environ:
        found |= {
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": os.environ["MEKONG_KAFKA_USERNAME"],
            "sasl.password": os.environ["MEKONG_KAFKA_PASSWORD"],
            "ssl.ca.location": os.environ["MEKONG_KAFKA_CAFILE"],
        }
    return found


def receipts_from_now(agency):
    """A reader of the agency's receipts. It begins at the end that the topic has now, so call it before you send."""
    reader = Consumer(
        connection()
        | {
            "group.id": f"{agency}.receipts",  # librdkafka wants one; it is not used, because the partition is assigned
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
        }
    )
    place = TopicPartition(f"receipts.{agency}.v1", 0)
    known = reader.list_topics(place.topic, timeout=30).topics[place.topic]
    if known.error is not None:
        raise SystemExit(f"{place.topic} cannot be read: {known.error.name()}")
    place.offset = reader.get_watermark_offsets(place, timeout=30)[1]
    reader.assign([place])
    return reader


def send(agency, lines):
    """Send each line with a correlation id of its own, and return the line of each id. Raises when the broker refuses one."""
    producer = Producer(
        connection()
        | {
            "enable.idempotence": True,  # the library's own retries neither double nor reorder; it includes acks=all
            "compression.type": "none",
        }
    )
    sent, refused = {}, []

    def report(error, message):
        if error is not None:
            refused.append((message.headers(), error))

    for line in lines:
        correlation = str(uuid.uuid4())
        sent[correlation] = line
        key = json.loads(line)["case_no"]
        producer.produce(f"in.{agency}.v1", value=line, key=key, headers={"correlation_id": correlation}, on_delivery=report)
        producer.poll(0)
    producer.flush()
    if refused:
        raise SystemExit(f"the broker refused {len(refused)} of {len(lines)} messages; the first: {refused[0][1]}")
    return sent


def main(agency, file):
    """Send the file, and print what became of each line."""
    lines = [line for line in Path(file).read_text(encoding="utf-8").splitlines() if line.strip()]
    reader = receipts_from_now(agency)
    sent = send(agency, lines)
    deadline = time.monotonic() + RECEIPTS_WITHIN_S
    while sent and time.monotonic() < deadline:
        record = reader.poll(1.0)
        if record is None:
            continue
        if record.error():
            raise KafkaException(record.error())
        receipt = json.loads(record.value())
        if sent.pop(receipt.get("correlation_id"), None) is not None:  # receipts of the agency's other programs arrive here too
            print(receipt.get("case_no"), receipt["outcome"], receipt.get("reason", ""), receipt.get("detail", ""))
    reader.close()
    if sent:
        raise SystemExit(f"{len(sent)} receipts have not come in {RECEIPTS_WITHIN_S} s: ask the operator whether the exchange runs")


if __name__ == "__main__":
    main(*sys.argv[1:])
