"""odd_records.py BOOTSTRAP AGENCY: sends, with confluent-kafka, what an agency's program may send by its settings or by mistake.

Each record has its name as correlation id. Prints as JSON what the broker refused: name -> its errors, with how often each came.
"""

import json
import sys
from collections import Counter, defaultdict

from confluent_kafka import Producer

BOOTSTRAP, AGENCY = sys.argv[1:]
TOPIC = f"in.{AGENCY}.v1"
CODECS = ("gzip", "snappy", "lz4", "zstd")
LARGE = 20  # messages of 100 KB, which are one batch when they are compressed
refused = defaultdict(Counter)


def seizure(case_no, **more):
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": 2, "unit": "kg"}
    return {"message_type": "seizure", "agency": AGENCY, "case_no": case_no, "seized_at": "2026-05-03", "lines": [line], **more}


def send(name, value, producer=None, key="key", headers=()):
    text = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()

    def report(error, message):
        if error is not None:
            refused[name][error.name()] += 1

    (producer or plain).produce(TOPIC, text, key, headers=[("correlation_id", name.encode()), *headers], on_delivery=report)


def connected(**settings):
    return Producer({"bootstrap.servers": BOOTSTRAP} | {key.replace("_", "."): value for key, value in settings.items()})


plain = connected()
for codec in CODECS:
    compressed = connected(compression_type=codec, linger_ms=200, enable_idempotence=True)
    for number in range(3):
        send(f"{codec} {number}", seizure(f"{codec} {number}"), compressed)
    compressed.flush()

inside = connected(transactional_id=f"{AGENCY}.odd")
inside.init_transactions()
for name in ("committed", "aborted"):
    inside.begin_transaction()
    send(name, seizure(name), inside)
    inside.flush()
    inside.commit_transaction() if name == "committed" else inside.abort_transaction()

message = seizure("inside")
change = {"before": None, "after": message, "source": {"connector": "postgresql"}, "op": "c", "ts_ms": 1}
send("tombstone", None)
send("empty", b"")
send("no key", seizure("no key"), key=None)
send("key that is not UTF-8", seizure("odd key"), key=b"\xff\xfe")
send(
    "foreign headers",
    seizure("foreign"),
    headers=[("traceparent", b"00-0af7"), ("__TypeId__", b"org.example.Case"), ("x", b"\xff"), ("y", None)],
)
send("schema registry", b"\x00\x00\x00\x00\x07" + json.dumps(message).encode())
send("avro", b"\x00\x00\x00\x00\x07\x02\xfe\xff")
send("connect", {"schema": {"type": "struct"}, "payload": message})
send("debezium", change)
send("debezium in connect", {"schema": {"type": "struct"}, "payload": change})
send("cloudevent", {"specversion": "1.0", "type": "seizure", "source": "/x", "id": "1", "data": message})
send("encoded twice", json.dumps(message))
send("array", [message])
send("utf-16", json.dumps(message).encode("utf-16"))
plain.flush()

over = connected(message_max_bytes=3_000_000)
send("over the limit of a message", seizure("over", filler="x" * 1_030_000), over)
send("over the limit of a batch", seizure("far over", filler="x" * 1_500_000), over)
over.flush()

large = connected(compression_type="zstd", linger_ms=500, message_max_bytes=3_000_000, batch_size=3_000_000)
for number in range(LARGE):
    send("large batch", seizure(f"large {number}", filler="x" * 100_000), large)
large.flush()
print(json.dumps(refused))
