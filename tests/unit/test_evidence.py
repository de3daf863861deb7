"""What a worker told before, as the sign of a state that was lost."""

import asyncio

from mekong.streams.evidence import has_published


def test_where_there_is_no_place_to_tell_anything_nothing_was_told_and_no_broker_is_asked():
    assert asyncio.run(has_published([], None, {"bootstrap_servers": "127.0.0.1:1"})) is False
