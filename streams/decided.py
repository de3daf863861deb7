"""Asks the coordinator of a transactional id how its last transaction was decided (DescribeTransactions of Kafka's protocol).

Ask before you open a producer of this id. Opening ends the transaction in progress, and the coordinator forgets the decision on the
transaction before it.
"""

from __future__ import annotations

from typing import Any

from aiokafka.client import ConnectionGroup
from aiokafka.errors import TransactionalIdAuthorizationFailed
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

from mekong.schemas.unmarked import is_committed

_NONE, _LOADING, _NOT_AVAILABLE, _NOT_COORDINATOR, _REFUSED, _UNKNOWN = 0, 14, 15, 16, 53, 105


class _Answer(Response):  # type: ignore[misc]
    API_KEY, API_VERSION = 65, 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "transactions",
            CompactArray(
                ("error_code", Int16),
                ("transactional_id", CompactString("utf-8")),
                ("state", CompactString("utf-8")),
                ("timeout_ms", Int32),
                ("started_ms", Int64),
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                (
                    "topics",
                    CompactArray(("topic", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)),
                ),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _Describe(RequestStruct):  # type: ignore[misc]
    API_KEY, API_VERSION, FLEXIBLE_VERSION = 65, 0, True
    RESPONSE_TYPE = _Answer
    SCHEMA = Schema(("transactional_ids", CompactArray(CompactString("utf-8"))), ("tags", TaggedFields))


class _DescribeTransaction(Request[_Describe]):  # type: ignore[misc]
    API_KEY = 65

    def __init__(self, name: str) -> None:
        self._name = name

    def build(self, request_struct_class: type[_Describe]) -> _Describe:
        return request_struct_class([self._name], {})


async def was_committed(client: Any, coordinator: int, name: str) -> bool | None:
    """Whether the last transaction of ``name`` was committed; None when this broker cannot answer now. Raises KafkaError."""
    answer = await client.send(coordinator, _DescribeTransaction(name), group=ConnectionGroup.COORDINATION)
    ((code, _, state, *_),) = answer.transactions
    if code in {_LOADING, _NOT_AVAILABLE, _NOT_COORDINATOR}:
        return None
    if code == _REFUSED:
        raise TransactionalIdAuthorizationFailed(name)
    return code == _NONE and is_committed(state)
