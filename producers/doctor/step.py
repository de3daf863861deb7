"""Defines the steps of ``mekong doctor``, and what is found at each of them."""

from __future__ import annotations

from typing import Literal, NamedTuple

STEPS = ("settings", "name", "port", "TLS", "login", "brokers", "topics", "message", "clock")
"""In the order in which they are tried. Each needs all the steps before it."""


class Found(NamedTuple):
    """The result of one step."""

    step: str
    result: Literal["ok", "look", "FAILED"]
    """``look``: a person should look at it, and the next step is tried."""
    said: str
    ask: str = ""
    """Whom to ask for what; empty when all is well."""


class Failed(Exception):  # noqa: N818 - it is a result, and the sentence is for a person
    """A step failed, so none after it can be tried."""

    def __init__(self, said: str, ask: str) -> None:
        super().__init__(said)
        self.said, self.ask = said, ask


OPERATOR = "the operator of the exchange"
NETWORK = "your own network team"
