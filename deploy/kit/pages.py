"""Writes the pages of a member's kit. Where a secret belongs, a page says how the member gets it."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import Any

_CASE_NO = "TEST-0001"
_README = """\
How {agency} joins the Seizure Exchange
=======================================

{first}{secret}
1. Give firewall.csv to your network team. Each line must be open from the machine that will send.
2. Install the program on that machine: Linux, Python 3.11 to 3.13, 36 MB. README.md of the program has the three lines.
3. Set the addresses:            . ./settings.sh
4. Try every step:               mekong doctor --agency {agency}
   It names the first step that fails, why, and what to ask whom for. It sends a test message of which nothing is kept.
5. Send a first case:            mekong send first-message.jsonl --format json --agency {agency}
   It is made up, and marked simulated. It counts until you withdraw it:
                                 mekong send withdraw-it.jsonl --format json --agency {agency}
6. Read what became of it:       mekong receipts --agency {agency}

With a sheet in Excel or LibreOffice:
  sheets/seizures-*.xlsx an empty sheet with drop-down lists. Fill it in, then check it and send it; both know it again without a layout:
                           mekong check sheets/seizures-{language}.xlsx
                           mekong send sheets/seizures-{language}.xlsx
  sheets/example-*.xlsx  the same sheet with a case that is made up. Check it, and do not send it: it would count as a seizure
  layouts/*.toml         for sheets of other systems: mekong send FILE --layout layouts/eia.toml --agency {agency}
                         For a sheet of your own, `mekong layout guess FILE` proposes a layout
{ways}
{files}"""
_WITH_LINK = """\
This kit has a link in activate.txt that shows the token of {agency} once. Do these two things before you pass the kit on:
open the link and store the token; delete activate.txt. Nothing else in the kit is secret.
"""
_ACTIVATE = """\
The token of {agency}
{link}

1. Open the link in a browser, until {until}. Opening it changes nothing.
2. Press "Show my token", and store the token at once, for example in a password manager. The token is shown once.
3. Delete this file. After its first use the link shows nothing more.

If the page says that the link has been used, and nobody of your agency has the token: tell the operator of the exchange at once.
"""
_PYTHON = """\
\"\"\"Sends a first case and prints its receipt. Run `. ./settings.sh` before it.\"\"\"

from decimal import Decimal

from mekong import Client, Line, Seizure, Settings

AGENCY = "{agency}"
heroin = Line(commodity_group="drug", substance_or_taxon="Heroin", quantity=Decimal("2.5"), unit="kg")
seizure = Seizure(agency=AGENCY, case_no="{case_no}", seized_at="2026-05-03", lines=(heroin,), simulated=True)

with Client(Settings(), AGENCY) as client:
    client.send(seizure)
    for receipt in client.wait_for_receipts():
        print(receipt.case_no, receipt.outcome, receipt.reason or "", receipt.detail or "")
"""
_CURL = """\
# Sends the first case over HTTPS, then prints the receipts. No Kafka port is needed.
# The token: {token}. Keep it like a password.
#   read -rs MEKONG_TOKEN
printf 'header = "Authorization: Bearer %s"\\n' "$MEKONG_TOKEN" |
    curl --fail-with-body --config - --header 'Content-Type: application/x-ndjson' --data-binary @first-message.jsonl {url}/v1/messages
printf 'header = "Authorization: Bearer %s"\\n' "$MEKONG_TOKEN" |
    curl --fail-with-body --config - {url}/v1/receipts
"""


def readme(agency: str, url: str, language: str, *, has_authority: bool, has_users: bool, has_link: bool = False) -> str:
    """The first page: what to do, in order."""
    by_another_way = "The password comes from the operator by another way than this kit. Never send it by mail together with the kit.\n"
    ways = ["", "Other ways to send:", "  send.py                from your own system, in Python"]
    ways.append("  kafka.properties       with any Kafka client, for example in Java (examples: docs/send-with-kafka.md of the program):")
    ways.append(f"                         topic in.{agency}.v1, key the case number, value a message as in first-message.jsonl;")
    ways.append(f"                         the receipts are on receipts.{agency}.v1, source_offset names the message")
    if url:
        ways.append(
            "  send-with-curl.sh      over HTTPS, where Kafka's ports stay closed. With the token in MEKONG_TOKEN, this tries every step:"
        )
        ways.append(f"                         mekong doctor --url {url}")
    files = "ca.pem is the authority that signed the certificates of the exchange. It is public.\n" if has_authority else ""
    first = _WITH_LINK.format(agency=agency) if has_link else "This kit has no secret in it: you may pass it on inside your agency.\n"
    secret = by_another_way if has_users else ""
    return _README.format(agency=agency, language=language, first=first, secret=secret, ways="\n".join(ways), files=files)


def settings(agency: str, addresses: Sequence[str], protocol: str, mechanism: str, *, has_authority: bool, has_users: bool) -> str:
    """The settings of the command and of the Python client, for a shell. It asks for the password."""
    lines = [f"export MEKONG_KAFKA_BOOTSTRAP={quote(','.join(addresses))}", f"export MEKONG_KAFKA_SECURITY_PROTOCOL={protocol}"]
    if has_authority:
        lines.append('export MEKONG_KAFKA_CAFILE="$PWD/ca.pem"')
    if has_users:
        lines += [f"export MEKONG_KAFKA_SASL_MECHANISM={mechanism}", f"export MEKONG_KAFKA_USERNAME={agency}"]
        lines += [f"printf 'Password of {agency}: '", "stty -echo 2>/dev/null; read -r MEKONG_KAFKA_PASSWORD; stty echo 2>/dev/null; echo"]
        lines.append("export MEKONG_KAFKA_PASSWORD")
    return "\n".join(["# In a shell: . ./settings.sh", *lines, ""])


def properties(agency: str, addresses: Sequence[str], protocol: str, mechanism: str, *, has_authority: bool, has_users: bool) -> str:
    """The settings of a Kafka client in Java."""
    lines = [
        "# For a producer: acks, idempotence and compression must be as they are here.",
        f"bootstrap.servers={','.join(addresses)}",
        f"security.protocol={protocol}",
        "acks=all",
        "enable.idempotence=true",
        "compression.type=none",
        "# For a consumer of the receipts",
        "isolation.level=read_committed",
        "enable.auto.commit=false",
    ]
    if has_authority:
        lines += ["ssl.truststore.type=PEM", "ssl.truststore.location=ca.pem"]
    if has_users:
        module = f"org.apache.kafka.common.security.{'plain.Plain' if mechanism == 'PLAIN' else 'scram.Scram'}LoginModule"
        lines += [f"sasl.mechanism={mechanism}", "# Put the password in at the start of your program, not into this file."]
        lines.append(f'sasl.jaas.config={module} required username="{agency}" password="...";')
    return "\n".join([*lines, ""])


def python(agency: str) -> str:
    """A program that sends the first case."""
    return _PYTHON.format(agency=agency, case_no=_CASE_NO)


def curl(url: str, *, has_link: bool = False) -> str:
    """The same over HTTPS."""
    return _CURL.format(url=quote(url), token="open the link in activate.txt" if has_link else "ask the operator of the exchange")


def activate(agency: str, link: str, until: str) -> str:
    """The page with the link."""
    return _ACTIVATE.format(agency=agency, link=link, until=until)


def first_message(agency: str) -> dict[str, Any]:
    """A case that is made up."""
    line = {"commodity_group": "drug", "substance_or_taxon": "Heroin", "quantity": "2.5", "unit": "kg"}
    return {**_head("seizure", agency), "seized_at": "2026-05-03", "lines": [line]}


def withdrawal(agency: str) -> dict[str, Any]:
    """What withdraws it."""
    return {**_head("withdrawal", agency), "reason": "entered_in_error"}


def _head(kind: str, agency: str) -> dict[str, Any]:
    return {"message_type": kind, "agency": agency, "case_no": _CASE_NO, "simulated": True}
