"""Follows ``registry.v1`` and ``activations.v1``: which agencies are there, and which tokens are valid.

A revoked token is refused within seconds.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kafka import KafkaConsumer, TopicPartition

from mekong.producers.broker import reaching, reader
from mekong.producers.gateway.problem import Problem, away
from mekong.producers.gateway.tickets import SCHEME, Tickets, token_id
from mekong.schemas.activations import PREFIX as LINK
from mekong.schemas.activations import Claims, Code, Link, Used, claim_of
from mekong.schemas.control import AgencyProfile
from mekong.schemas.errors import Fatal, Refused, Retriable
from mekong.schemas.inside import failed_inside
from mekong.schemas.keys import derived
from mekong.schemas.rejected import Reason
from mekong.schemas.settings import Settings
from mekong.schemas.tokens import PREFIX, Scope, Token, id_of
from mekong.schemas.topics import ACTIVATIONS, REGISTRY
from mekong.schemas.upto import up_to
from mekong.schemas.wire import decode

log = logging.getLogger(__name__)

_POLL_MS = 500
_AGAIN_S = 1.0
_AGENCY = "agency:"
_PURPOSE = "tickets of the sender's page"  # the name is under the key: never change it
_CHALLENGE = {"www-authenticate": "Bearer"}


class Caller(NamedTuple):
    """Who sent a request."""

    profile: AgencyProfile
    token_id: str

    @property
    def agency(self) -> str:
        """Its agency: everything in the request is of this agency."""
        return self.profile.agency


class Opened(NamedTuple):
    """What is known of a link."""

    link: Link
    token: Token | None
    """None while nobody has used the link in time."""
    used: Used | None
    """Its first claim as this gateway has read it, also one that came too late."""


class Book:
    """Agencies, tokens and links as the register has them, and which links were used."""

    def __init__(self, key: bytes | None = None) -> None:
        self._tickets = Tickets(key or secrets.token_bytes(32))
        self._agencies: dict[str, AgencyProfile] = {}
        self._tokens: dict[str, dict[str, Token]] = {}
        self._links: dict[str, dict[str, Link]] = {}
        self._claims = Claims()
        self.is_followed = True
        """Whether revocations still arrive. When they do not, nobody is let in."""

    def apply(self, key: str, value: bytes | None) -> None:
        """One record of the register. What a newer version wrote and this one cannot read counts as absent, and is logged."""
        try:
            self._apply(key, value)
        except Exception as exc:  # noqa: BLE001 - whatever is wrong with one record, the revocations after it hold
            log.warning("%s in the register cannot be read (%s): is the gateway older than the exchange?", key, type(exc).__name__)

    def _apply(self, key: str, value: bytes | None) -> None:
        if key.startswith(_AGENCY):
            self._agencies.pop(key.removeprefix(_AGENCY), None)
            if value is not None:
                self._agencies[key.removeprefix(_AGENCY)] = decode(value, AgencyProfile)
        elif key.startswith(PREFIX):
            same_id = self._tokens.setdefault(key.rpartition(":")[2], {})
            same_id.pop(key, None)
            if value is not None:
                same_id[key] = decode(value, Token)
        elif key.startswith(LINK):
            links = self._links.setdefault(key.rpartition(":")[2], {})
            links.pop(key, None)
            if value is not None:
                links[key] = decode(value, Link)

    def claimed(self, value: bytes | None, stored_ms: int, offset: int) -> None:
        """One record of ``activations.v1``, stored by the broker at ``stored_ms``. What cannot be read counts as absent, and is logged."""
        try:
            claim, at = claim_of(value, stored_ms)
            link = self._links.get(claim.id, {}).get(f"{LINK}{claim.agency}:{claim.id}")
            if link is None or link.is_of(claim.proof):  # a claim may be read before its link; one without the proof is not kept
                self._claims.add(claim, at, time.monotonic())
        except Exception as exc:  # noqa: BLE001 - whatever is wrong with one record, the revocations after it hold
            why = type(exc).__name__
            log.warning("record %s of %s cannot be read (%s): is the gateway older than another one?", offset, ACTIVATIONS.name, why)

    def caller(self, authorization: str, scope: Scope | None) -> Caller:
        """Who shows this header. Raises Problem: 401 without a valid token, 403 when the token or the agency may not do this.

        503 when revocations do not arrive any more.
        """
        if not self.is_followed:
            raise away("The exchange cannot judge tokens now. Send the request again, with the same Idempotency-Key.")
        token = self._token(authorization)
        profile = self._agencies.get(token.agency) if token else None
        if token is None or profile is None:
            raise Problem(401, "The token is not valid: it is mistyped, or it was revoked.", headers=_CHALLENGE)
        if scope and scope not in token.scopes:
            raise Problem(403, f"The token {token.id} is not for this: it has the scope {' and '.join(token.scopes)}, not {scope}.")
        _expect_active(profile)
        return Caller(profile, token.id)

    def opened(self, code: Code) -> Opened:
        """The link of a code. Raises Problem: 404 without one, 403 when its agency is not active, 503 as ``caller`` does."""
        if not self.is_followed:
            raise away("The exchange cannot judge links now. Try again in a minute.")
        link = next((one for one in tuple(self._links.get(code.id, {}).values()) if one.is_of(code.proof)), None)
        profile = self._agencies.get(link.agency) if link else None
        if link is None or profile is None:
            raise unknown_link()
        _expect_active(profile)
        return Opened(link, self._token_of(link), self._claims.first(link))

    def ticket(self, text: str) -> str:
        """A ticket for the token with this text. Raises Problem as ``caller`` does."""
        self.caller(f"Bearer {text}", None)
        token = next(one for one in self._same_id(text) if one.is_of(text))
        return self._tickets.make(token, int(time.time()))

    def _token(self, authorization: str) -> Token | None:
        scheme, _, text = authorization.partition(" ")
        text = text.strip()
        if scheme.lower() == SCHEME:
            return self._tickets.token_of(text, self._with_id(token_id(text)), int(time.time()))
        if scheme.lower() != "bearer":
            raise Problem(401, "Show the token of your agency: Authorization: Bearer <token>", headers=_CHALLENGE)
        return next((one for one in self._same_id(text) if one.is_of(text)), None)

    def _same_id(self, text: str) -> Iterable[Token]:
        id_ = id_of(text)
        return () if id_ is None else self._with_id(id_)

    def _with_id(self, id_: str) -> Iterable[Token]:
        links = (self._token_of(link) for link in tuple(self._links.get(id_, {}).values()))
        return (*tuple(self._tokens.get(id_, {}).values()), *(token for token in links if token))

    def _token_of(self, link: Link) -> Token | None:
        """The token of a used link: the one in the register decides, also when its claim is lost."""
        return self._tokens.get(link.id, {}).get(f"{PREFIX}{link.agency}:{link.id}") or self._claims.token_of(link)


def unknown_link() -> Problem:
    """The link does not exist (404)."""
    return Problem(404, "The exchange does not know this link. It is not complete, or it was revoked. Ask the operator for another one.")


def _expect_active(profile: AgencyProfile) -> None:
    if profile.status != "active":
        why = f"{profile.agency} is {profile.status}{f': {profile.reason}' if profile.reason else ''}. Ask the operator."
        raise Problem(403, why, reason=Reason.AGENCY_DISABLED, field="agency")


class Register:
    """A ``Book`` that a thread keeps up to date."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.book = Book(_key_of(settings))
        self._stop = threading.Event()

    def open(self) -> KafkaConsumer:
        """Read the register to its end. Raises Retriable, Refused or Fatal."""
        tps = [TopicPartition(topic.name, 0) for topic in (REGISTRY, ACTIVATIONS)]
        with reaching(self._settings, "read the register of agencies"):
            consumer = reader(self._settings)
            if missing := [tp.topic for tp in tps if tp.topic not in consumer.topics()]:
                raise Refused(f"the topic {missing[0]} does not exist, or you have no right to it: `mekong topics --create` makes it")
            consumer.assign(tps)
            consumer.seek_to_beginning(*tps)
            for polled in up_to(consumer, consumer.end_offsets(tps), "read the register of agencies"):
                self._apply(polled)
            consumer.resume(*tps)
        return consumer

    def follow(self, consumer: KafkaConsumer) -> None:
        """Apply what is written from now on, until ``stop``. What fails is tried again: the book stays as it was."""
        try:
            while not self._stop.is_set():
                self._round(consumer)
        finally:
            self.book.is_followed = False
            consumer.close()

    def _round(self, consumer: KafkaConsumer) -> None:
        try:
            with reaching(self._settings, "follow the register of agencies"):
                self._apply(consumer.poll(_POLL_MS))
        except (Retriable, Fatal) as exc:
            log.warning("%s", exc)
            self._stop.wait(_AGAIN_S)
        except Exception as exc:  # noqa: BLE001 - the outermost edge of the thread: a revocation must still arrive
            failed_inside(log, "following the register", exc)
            self._stop.wait(_AGAIN_S)

    def stop(self) -> None:
        """Let ``follow`` return."""
        self._stop.set()

    def _apply(self, polled: Mapping[TopicPartition, list[Any]]) -> None:
        for tp, records in polled.items():
            for record in records:
                if tp.topic == ACTIVATIONS.name:
                    self.book.claimed(record.value, record.timestamp, record.offset)
                else:
                    self.book.apply((record.key or b"").decode(errors="replace"), record.value)


def _key_of(settings: Settings) -> bytes | None:
    """What signs tickets. Without the secret of the deployment they end with the process."""
    if not settings.has_secret():
        log.info("without MEKONG_SECRET, who is on the page for senders enters again after a restart, and at every other gateway")
        return None
    return derived(settings.deployment_secret(), _PURPOSE)
