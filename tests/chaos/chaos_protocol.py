"""The first bytes of a Kafka frame in, who asks for what out; and the error code of an answer. Nothing else of a frame is read.

https://kafka.apache.org/protocol: a request is its length, api key, version, correlation id, client id; newer versions ("flexible") write
lengths as varints and put a byte of tags behind the header.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

APIS = {
    "Produce": 0,
    "Fetch": 1,
    "Metadata": 3,
    "OffsetCommit": 8,
    "FindCoordinator": 10,
    "JoinGroup": 11,
    "Heartbeat": 12,
    "SyncGroup": 14,
    "InitProducerId": 22,
    "AddPartitionsToTxn": 24,
    "EndTxn": 26,
}
NAMES = {key: name for name, key in APIS.items()}
_FLEXIBLE_FROM = {
    "Produce": 9,
    "OffsetCommit": 8,
    "JoinGroup": 6,
    "Heartbeat": 4,
    "SyncGroup": 4,
    "InitProducerId": 2,
    "AddPartitionsToTxn": 3,
    "EndTxn": 3,
}
"""Those whose first field is a transactional id or a group, and from which version on it is written the newer way."""
_SEVERAL_FROM = 4  # of AddPartitionsToTxn: from this version on it is for brokers, and begins with a list
_THROTTLE_FROM = {"JoinGroup": 2, "Heartbeat": 1, "SyncGroup": 1, "InitProducerId": 0, "EndTxn": 0}
"""Those whose answer begins with an error code, and from which version on a throttle time stands before it."""
LENGTH = 4


class Request(NamedTuple):
    """What a frame asks for."""

    api: str
    version: int
    correlation: int
    client: str
    who: str
    """The transactional id or the group that it is for; empty where it has none."""


def request_of(body: bytes) -> Request:
    """Read a request, its length not included."""
    key, version, correlation, length = struct.unpack_from(">hhih", body)
    api = NAMES.get(key, str(key))
    end = 10 + max(length, 0)
    client = body[10:end].decode("utf-8", "replace")
    return Request(api, version, correlation, client, _first_field(api, version, body, end))


def correlation_of(body: bytes) -> int:
    """Of an answer, its length not included."""
    number: int = struct.unpack_from(">i", body)[0]
    return number


def error_of(request: Request, body: bytes) -> int:
    """The error code of an answer; 0 for none, and where it is not read."""
    if request.api not in _THROTTLE_FROM:
        return 0
    at = 4 + (request.version >= _FLEXIBLE_FROM[request.api]) + 4 * (request.version >= _THROTTLE_FROM[request.api])
    code: int = struct.unpack_from(">h", body, at)[0]
    return code


def _first_field(api: str, version: int, body: bytes, at: int) -> str:
    if api not in _FLEXIBLE_FROM or (api == "AddPartitionsToTxn" and version >= _SEVERAL_FROM):
        return ""
    if version < _FLEXIBLE_FROM[api]:
        length: int = struct.unpack_from(">h", body, at)[0]
        at += 2
    else:
        length, at = body[at + 1] - 1, at + 2  # behind the byte of tags; a name of 126 letters and more is none of ours
    return body[at : at + max(length, 0)].decode("utf-8", "replace")
