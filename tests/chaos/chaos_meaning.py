"""What a message of a run means, known to whoever made it: the ground of the truth."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

AGENCIES = {"VN-CUSTOMS": 7, "CN-CUSTOMS": 8, "LA-CUSTOMS": 7, "TH-CUSTOMS": 7, "IN-CUSTOMS": 5.5, "FJ-CUSTOMS": 12, "VN-POLICE": 7}
"""Agency -> hours that its clock is ahead of UTC. The last joins while everything runs."""
JOINER = "VN-POLICE"
MG = {"kg": 1_000_000, "g": 1_000, "piece": 0, "m3": 0}


class Seized(NamedTuple):
    """When: the local day, and whole minutes since 1970 in UTC when the time of day is known."""

    precision: str
    day: date
    minute: int | None


class Meaning(NamedTuple):
    """What a message says."""

    kind: str
    """seizure, correction, withdrawal, warning; or ``bad``."""
    case_no: str = ""
    content: str = ""
    """What two messages of one case are compared by."""
    seized: Seized | None = None
    groups: Mapping[str, tuple[int, int]] = {}
    """Commodity group -> lines, milligrams."""
    reason: str = ""
    """Of a bad one: why it is refused, whatever came before."""
    order: tuple[str, int] | None = None
    """The sender's own: ``revision`` and its number, or ``reported_at`` and seconds since 1970. An edition stands in a header."""
    tlp: str = "TLP:AMBER"


class Planned(NamedTuple):
    """One message to send."""

    agency: str
    """Whose topic it goes to."""
    value: bytes
    meaning: Meaning
    headers: tuple[tuple[str, bytes], ...] = ()


def meaning_of(kind: str, case_no: str, content: dict[str, Any]) -> Meaning:
    """What a seizure or correction with this content says."""
    groups: dict[str, tuple[int, int]] = {}
    for line in content["lines"]:
        lines, mass_mg = groups.get(line["commodity_group"], (0, 0))
        mine = int(Decimal(line["quantity"]) * MG[line["unit"]]) if "quantity" in line else 0
        groups[line["commodity_group"]] = (lines + 1, mass_mg + mine)
    return Meaning(kind, case_no, json.dumps(content, sort_keys=True), _seized(content["seized_at"]), groups)


def _seized(text: str) -> Seized:
    if len(text) > 10:
        at = datetime.fromisoformat(text)
        return Seized("time", at.date(), int(at.astimezone(UTC).timestamp()) // 60)
    return Seized({10: "day", 7: "month", 4: "year"}[len(text)], date.fromisoformat((text + "-01-01")[:10]), None)


def as_bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()


def event_id(secret: bytes, agency: str, case_no: str) -> str:
    """The id that the exchange gives to a case, warning or feedback: docs/decisions/0006."""
    key = hashlib.sha256(secret).digest()
    head = bytearray(hmac.digest(key, f"{agency}\0{case_no}".encode(), "sha256")[:10])
    head[6], head[8] = 0x80 | head[6] & 0x0F, 0x80 | head[8] & 0x3F
    check = hashlib.blake2b(head, key=key, digest_size=6, person=b"mekong-event-id").digest()
    return str(uuid.UUID(bytes=bytes(head) + check))
