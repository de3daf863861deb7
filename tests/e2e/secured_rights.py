"""The runbook's table of rights in, users with exactly these out: what the table leaves out, a process of the test does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
HEADER = "| user of | READ | WRITE | READ of groups | WRITE of transactional ids | and |"
AGENCY = "an agency"


class Right(NamedTuple):
    """One right. A name that ends in ``*`` is a prefix."""

    operation: str
    kind: str
    name: str

    def acl(self, user: str) -> ACL:
        pattern = ACLResourcePatternType.PREFIXED if self.name.endswith("*") else ACLResourcePatternType.LITERAL
        if self.name == "*":
            resource = ResourcePattern(ResourceType[self.kind], "*", ACLResourcePatternType.LITERAL)
        else:
            resource = ResourcePattern(ResourceType[self.kind], self.name.rstrip("*"), pattern)
        return ACL(f"User:{user}", "*", ACLOperation[self.operation], ACLPermissionType.ALLOW, resource)


def table() -> dict[str, list[Right]]:
    """User -> rights, as the runbook has them: of ``worker intake`` it is ``intake``, of an agency AGENCY."""
    lines = RUNBOOK.read_text(encoding="utf-8").split(HEADER)[1].strip().splitlines()
    rows = [line.strip("|").split("|") for line in lines[1 : lines.index("")]]
    return {_user(row[0]): list(_rights(row[1:])) for row in rows}


def _user(cell: str) -> str:
    named = re.search("`([^`]+)`", cell)
    return named[1].split()[-1] if named else AGENCY


def _rights(cells: list[str]) -> Iterator[Right]:
    kinds = (("READ", "TOPIC"), ("WRITE", "TOPIC"), ("READ", "GROUP"), ("WRITE", "TRANSACTIONAL_ID"))
    for cell, (operation, kind) in zip(cells, kinds, strict=False):
        for name in re.findall("`([^`]+)`", cell):
            yield Right(operation, kind, name)
    for operation, kind, name in re.findall(r"`([A-Z]+) (topic|group|cluster) ?([^`]*)`", cells[-1]):
        yield Right(operation, kind.upper(), name or "kafka-cluster")


def password_of(user: str) -> str:
    return f"{user}-password"


def give(admin: KafkaAdminClient, agencies: list[str]) -> None:
    """Make the user of every row, and one for each agency; give each its rights."""
    rights = table()
    of_agency = rights.pop(AGENCY)
    rights |= {agency: [_of(right, agency) for right in of_agency] for agency in agencies}
    users = [UserScramCredentialUpsertion(user, ScramMechanism.SCRAM_SHA_512, password_of(user), 4096) for user in rights]
    admin.alter_user_scram_credentials(users)
    admin.create_acls(
        [
            each.acl(user)
            for user, found in rights.items()
            for right in found
            for each in ([_of(right, agency) for agency in agencies] if "<agency>" in right.name else [right])
        ]
    )


def _of(right: Right, agency: str) -> Right:
    return right._replace(name=right.name.replace("<agency>", agency))
