"""``mekong agency kit``: writes the zip that a new member's IT lead needs to begin."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from mekong.schemas.languages import LANGUAGES, Language

if TYPE_CHECKING:
    from mekong.deploy.kit import Door
    from mekong.schemas.settings import Settings


@click.command()
@click.argument("code")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The zip to write.")
@click.option("--bootstrap", default="", metavar="HOST:PORT,...", help="The brokers as members see them. Default: as this command does.")
@click.option("--url", default="", help="The HTTPS address of the exchange. Without it the kit has Kafka's ways only.")
@click.option("--link", "with_link", is_flag=True, help="Make a link that shows the token once, and put it in. Needs --url.")
@click.option("--language", "languages", type=click.Choice(LANGUAGES), multiple=True, help="Of the sheets. Default: by the country.")
def kit(code: str, out: Path, bootstrap: str, url: str, with_link: bool, languages: tuple[Language, ...]) -> None:
    """Write the kit of a member: addresses, the authority, firewall lines, settings, first messages, sheets and layouts.

    Without --link it has no secret. Send the password by another way. The same settings give the same bytes.

    With --link it has a link that shows a token once, within 72 hours: send such a kit to the person who is to have the token, and nobody
    else. `mekong agency token link` makes a link without a kit.

    \b
    Example:
      mekong agency kit VN-CUSTOMS --out VN-CUSTOMS.zip
      mekong agency kit VN-CUSTOMS --out VN-CUSTOMS.zip --bootstrap kafka.example.org:9093
      mekong agency kit VN-CUSTOMS --out VN-CUSTOMS.zip --url https://exchange.example.org --link
    """
    from mekong.deploy import registry
    from mekong.deploy.kit import kit as made
    from mekong.schemas.errors import Refused
    from mekong.schemas.settings import settings

    if with_link and not url:
        raise click.UsageError("--link needs the HTTPS address of the exchange: --url https://exchange.example.org")
    known = settings()
    if code not in {one.agency for one in registry.list_agencies(known)}:
        raise Refused(f"{code} is not registered here: `mekong agency add {code}` first.")
    door = _door(known, code, bootstrap, url, languages)
    raw, said = made(door), f"It has no secret: send {code} the password by another way."
    if with_link:  # what cannot be a kit was refused before, and a file that cannot be written is
        with _private(out) as file:
            door, said = _with_link(known, door)
            file.write(made(door))
    else:
        out.write_bytes(raw)
    click.echo(f"{out} is written. {said}")


@contextmanager
def _private(out: Path) -> Iterator[IO[bytes]]:
    """A new file that only its owner can read. It takes the place of ``out`` when all is written, and is removed when something fails."""
    from mekong.schemas.errors import Refused

    if out.exists() and not out.is_file():
        raise Refused(f"{out} is not a file.")
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)  # 0600
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        Path(name).replace(out)
    finally:
        Path(name).unlink(missing_ok=True)  # it has its new name when all went well


def _door(known: Settings, code: str, bootstrap: str, url: str, languages: tuple[Language, ...]) -> Door:
    from mekong.deploy.kit import Door
    from mekong.schemas.languages import languages_of

    path = known.cafile()
    return Door(
        agency=code,
        addresses=tuple(one.strip() for one in (bootstrap or known.bootstrap()).split(",")),
        protocol=known.kafka_security_protocol,
        mechanism=known.kafka_sasl_mechanism,
        authority=Path(path).read_text(encoding="utf-8", errors="replace") if path else "",
        url=url,
        languages=tuple(dict.fromkeys(languages)) or languages_of(code),
    )


def _with_link(known: Settings, door: Door) -> tuple[Door, str]:
    """The door with a new link, and what the operator must know of it."""
    from mekong.deploy.activations import add_link
    from mekong.schemas.tokens import SCOPES

    found = add_link(known, door.agency, SCOPES, door.url)
    until = f"{found.link.expires_at:%Y-%m-%d %H:%M} UTC"
    said = f"It has link {found.link.id}, which shows a token once, until {until}: send the kit to the person who is to have the token."
    return door._replace(link=found.address, until=until), said
