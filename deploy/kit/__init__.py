"""Makes the kit of a new member: a zip for its IT lead, with addresses, firewall lines, first messages, sheets and layouts.

No secret that lasts is in it: a link, when it has one, shows the token once and ends after 72 hours. The functions here get single values
and never ``Settings``: what they do not get, they cannot give away. The same input gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from typing import NamedTuple

from mekong.deploy.address import not_https, parts_of
from mekong.deploy.kit import pages
from mekong.producers.sheets.layout import shipped, shipped_text
from mekong.producers.sheets.template import template
from mekong.schemas.errors import Refused
from mekong.schemas.languages import Language

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----\s.*?-----END CERTIFICATE-----", re.DOTALL)
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_READABLE, _PRIVATE = 0o644 << 16, 0o600 << 16
_LINK = "activate.txt"
_HTTPS_PORT = 443


class Door(NamedTuple):
    """How a member reaches the exchange."""

    agency: str
    addresses: tuple[str, ...]
    """``host:port`` of each broker, as the member sees them."""
    protocol: str
    mechanism: str
    authority: str = ""
    """The text of the CA file (PEM); empty when every machine knows the authority."""
    url: str = ""
    """The HTTPS address; empty when there is none."""
    link: str = ""
    """A link that shows the token once; empty when the token comes by another way."""
    until: str = ""
    """When the link ends."""
    languages: tuple[Language, ...] = ("en",)
    """The languages of its sheets, its own first."""

    def __repr__(self) -> str:
        return f"Door({self.agency})"

    @property
    def has_users(self) -> bool:
        """Whether the brokers ask for a user and a password."""
        return self.protocol.startswith("SASL")


def kit(door: Door) -> bytes:
    """The zip. Raises Refused when the authority's file has no certificate, or the HTTPS address is not one."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_STORED) as archive:  # not compressed: the bytes depend on no version of a library
        texts = {name: text.encode() for name, text in files(door).items()}
        for name, data in (*sorted(texts.items()), *sorted(sheets(door).items())):
            one = zipfile.ZipInfo(f"{door.agency}/{name}", _FIRST_DAY)
            one.create_system, one.external_attr = 3, _PRIVATE if name == _LINK else _READABLE
            archive.writestr(one, data)
    return found.getvalue()


def sheets(door: Door) -> dict[str, bytes]:
    """Name in the zip -> bytes: an empty sheet in each language, one with a case that is made up; the layouts that ship."""
    found = {f"sheets/seizures-{language}.xlsx": template(door.agency, language) for language in door.languages}
    found[f"sheets/example-{door.languages[0]}.xlsx"] = template(door.agency, door.languages[0], filled=True)
    return found | {f"layouts/{name}.toml": shipped_text(name).encode() for name in shipped()}


def files(door: Door) -> dict[str, str]:
    """Name in the zip -> text."""
    certificates = authority(door.authority) if door.authority else ""
    named = {"has_authority": bool(certificates), "has_users": door.has_users}
    found = {
        "README.txt": pages.readme(door.agency, door.url, door.languages[0], has_link=bool(door.link), **named),
        "firewall.csv": firewall(door),
        "settings.sh": pages.settings(door.agency, door.addresses, door.protocol, door.mechanism, **named),
        "kafka.properties": pages.properties(door.agency, door.addresses, door.protocol, door.mechanism, **named),
        "first-message.jsonl": json.dumps(pages.first_message(door.agency)) + "\n",
        "withdraw-it.jsonl": json.dumps(pages.withdrawal(door.agency)) + "\n",
        "send.py": pages.python(door.agency),
    }
    if certificates:
        found["ca.pem"] = certificates
    if door.url:
        found["send-with-curl.sh"] = pages.curl(door.url.rstrip("/"), has_link=bool(door.link))
    if door.link:
        found[_LINK] = pages.activate(door.agency, door.link, door.until)
    return found


def authority(text: str) -> str:
    """The certificates of a PEM file, and nothing else of it: an operator may keep a private key in the same file."""
    found: list[str] = _CERTIFICATE.findall(text)
    if not found:
        raise Refused("MEKONG_KAFKA_CAFILE holds no certificate in PEM form: the kit would be without the authority.")
    return "\n".join([*found, ""])


def firewall(door: Door) -> str:
    """A line for each address that must be let out, as network teams ask for it."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["from", "to host", "to port", "protocol", "direction", "why"])
    machine = "the machine that sends"
    for host, _, port in (address.rpartition(":") for address in door.addresses):
        lines.writerow([machine, host.strip("[]"), port, "TCP", "outgoing", "Kafka; do not open its TLS in a proxy"])
    if door.url:
        host, number = https(door.url)
        lines.writerow([machine, host, str(number), "TCP", "outgoing", "HTTPS; enough by itself where Kafka's ports stay closed"])
    return out.getvalue()


def https(url: str) -> tuple[str, int]:
    """Host and port of the HTTPS address. Raises Refused for another address, or for one with a name and a password in it."""
    parts = parts_of(url)
    if parts.scheme != "https":
        raise not_https(url)
    return parts.hostname or "", parts.port or _HTTPS_PORT
