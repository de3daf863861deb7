"""The register of the gateway without a broker: a revocation holds, whatever else is in the register or fails."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from kafka import TopicPartition

from mekong.deploy.profiles import profile_of
from mekong.producers.gateway import register
from mekong.producers.gateway.problem import Problem
from mekong.producers.gateway.register import Book, Register
from mekong.schemas.settings import Settings
from mekong.schemas.topics import REGISTRY
from mekong.schemas.wire import encode
from tests.unit.test_gateway import AGENCY, TEXT, token

SHOWN = f"Bearer {TEXT}"


def status(book: Book) -> int:
    """200, or that of the refusal."""
    try:
        book.caller(SHOWN, "send")
    except Problem as exc:
        return exc.status
    return 200


def filled(book: Book) -> Book:
    book.apply(f"agency:{AGENCY}", encode(profile_of(AGENCY)))
    book.apply(token().key, encode(token()))
    return book


def record(key: bytes, value: bytes | None):
    return SimpleNamespace(key=key, value=value)


class Consumer:
    """Gives one round after another, and then ends the following: by ``stop``, or by what is raised last."""

    def __init__(self, one: Register, *rounds, end: BaseException | None = None):
        self._one, self._rounds, self._end = one, list(rounds), end

    def poll(self, timeout_ms):
        if not self._rounds:
            if self._end:
                raise self._end
            self._one.stop()
            return {}
        found = self._rounds.pop(0)
        if isinstance(found, BaseException):
            raise found
        return {TopicPartition(REGISTRY.name, 0): found}

    def close(self):
        pass


@pytest.mark.parametrize("value", [b'{"status": "of a newer version"}', None], ids=["not readable", "tombstone"])
def test_an_agency_whose_record_cannot_be_read_is_absent(value):
    book = filled(Book())
    assert status(book) == 200
    book.apply(f"agency:{AGENCY}", value)
    assert status(book) == 401
    book.apply(f"agency:{AGENCY}", encode(profile_of(AGENCY)))
    assert status(book) == 200


def test_a_revocation_holds_after_a_round_that_failed_and_beside_a_record_that_cannot_be_read(monkeypatch):
    monkeypatch.setattr(register, "_AGAIN_S", 0.0)
    one = Register(Settings())
    filled(one.book)
    one.follow(Consumer(one, KeyError("a fault of a library"), [record(b"token:\xff", b"x"), record(token().key.encode(), None)]))
    one.book.is_followed = True
    assert status(one.book) == 401


def test_when_nobody_follows_the_register_nobody_is_let_in():
    one = Register(Settings())
    filled(one.book)
    with pytest.raises(SystemExit):
        one.follow(Consumer(one, end=SystemExit()))
    assert status(one.book) == 503
