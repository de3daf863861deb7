"""Asks the cluster for its topics and for the committed offsets of a group. Any broker can answer.

aiokafka asks one broker at random, and fails when this broker is down. This module asks another broker.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from mekong.schemas.patience import Patience

RETRY_S = 0.1
Answer = TypeVar("Answer")


async def topics_of(options: Mapping[str, Any]) -> list[str]:
    """The names of all topics that this user may see. Raises KafkaError, Retriable when no broker answers for too long."""
    return await _asked(options, "list the topics", lambda admin: admin.list_topics())


async def reached(group: str, options: Mapping[str, Any]) -> Mapping[TopicPartition, int]:
    """The offset that the group has committed, for each source that has one. Raises as ``topics_of``."""
    found = await _asked(options, f"ask where {group} stands", lambda admin: admin.list_consumer_group_offsets(group))
    return {source: at.offset for source, at in found.items() if at.offset >= 0}


async def _asked(options: Mapping[str, Any], doing: str, ask: Callable[[AIOKafkaAdminClient], Awaitable[Answer]]) -> Answer:
    patience = Patience(doing)
    while True:
        admin = AIOKafkaAdminClient(**options)
        try:
            await admin.start()
            return await ask(admin)
        except KafkaError as exc:
            if not exc.retriable:
                raise
            patience.look(None)
        finally:
            await admin.close()
        await asyncio.sleep(RETRY_S)
