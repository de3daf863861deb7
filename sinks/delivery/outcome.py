"""Defines ``Outcome``: the result of one attempt on a channel."""

from __future__ import annotations

from typing import NamedTuple

from mekong.schemas.notifications import DeliveryState


class Outcome(NamedTuple):
    """Sent, to be tried again, or of no use to try again; why, without secrets and without the receiver's own words."""

    state: DeliveryState
    detail: str = ""
    wait_s: float = 0.0
    """How long the receiver asked to wait."""
    gone: bool = False
    """The receiver wants nothing of this subscription any more."""


SENT = Outcome(DeliveryState.SENT)


def again(detail: str, wait_s: float = 0.0) -> Outcome:
    """It may go through later."""
    return Outcome(DeliveryState.RETRYING, detail[:300], wait_s)


def hopeless(detail: str) -> Outcome:
    """The receiver answered that it will never accept it."""
    return Outcome(DeliveryState.PARKED, detail[:300])
