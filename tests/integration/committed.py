"""What a reader of committed records sees of a topic now."""

from typing import Any

from kafka import KafkaConsumer, TopicPartition


def committed(bootstrap: str, topic: str, **login: Any) -> list[Any]:
    """Every record, partition by partition as they come."""
    reader = KafkaConsumer(**{"bootstrap_servers": bootstrap, **login}, isolation_level="read_committed", enable_auto_commit=False)
    places = [TopicPartition(topic, number) for number in sorted(reader.partitions_for_topic(topic) or ())]
    reader.assign(places)
    reader.seek_to_beginning(*places)
    ends = reader.end_offsets(places)
    found = []
    while any(reader.position(place) < ends[place] for place in places):
        for records in reader.poll(200).values():
            found += records
    reader.close()
    return found
