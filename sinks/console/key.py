"""The key of the live page: who shows it once gets a cookie, and with the cookie the page. Pure.

A program on this machine, such as a proxy, looks like a person on this machine. The key tells them apart.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from mekong.schemas.errors import Refused

SHOWN_AS = "key"
"""Its name in the query of the page's address."""
_FORM = re.compile(r"[A-Za-z0-9_-]{32,}")  # it must not change in an address
_NO_KEY = "MEKONG_CONSOLE_KEY: give at least 32 letters, digits, - and _: `openssl rand -hex 32` makes one"


class Key:
    """The key, and the cookie that is made from it."""

    def __init__(self, secret: str) -> None:
        """Raises Refused for a key that can be guessed, or that an address would change."""
        if not _FORM.fullmatch(secret):
            raise Refused(_NO_KEY)
        self._secret = secret.encode()
        self._ticket = hmac.new(self._secret, b"live page: cookie", hashlib.sha256).hexdigest()
        self._form = hmac.new(self._secret, b"live page: forms", hashlib.sha256).hexdigest()
        name = hmac.new(self._secret, b"live page: name of the cookie", hashlib.sha256).hexdigest()[:8]
        self.cookie = f"mekong-console-{name}"
        """The name of the cookie. Two stacks on one machine have two: a browser does not tell ports apart."""

    @property
    def ticket(self) -> str:
        """The value of the cookie: the key cannot be found from it."""
        return self._ticket

    @property
    def form(self) -> str:
        """What each form of the page has, so that no other site can send one."""
        return self._form

    def made(self, form: str) -> bool:
        """Whether a form is one of this page's."""
        return hmac.compare_digest(form.encode("utf-8", "replace"), self._form.encode())

    def fits(self, given: str) -> bool:
        """Whether this is the key. It takes the same time for every wrong one."""
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._secret)

    def knows(self, ticket: str) -> bool:
        """Whether this is the value of the cookie."""
        return hmac.compare_digest(ticket.encode("utf-8", "replace"), self._ticket.encode())
