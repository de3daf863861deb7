"""Makes a fingerprint of the deployment's secret, and compares it with the fingerprint in the register."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings

SECRET = "secret"  # noqa: S105 - a key of the register
_LENGTH = 16


def fingerprint(settings: Settings) -> bytes:
    """A value that differs for different secrets and reveals nothing of them."""
    return hmac.new(settings.deployment_secret(), b"fingerprint", hashlib.sha256).hexdigest()[:_LENGTH].encode()


def compare(settings: Settings, register: Mapping[str, bytes]) -> None:
    """Raises Refused when the secret of this process is not the secret that the register was begun with."""
    known, ours = register.get(SECRET), fingerprint(settings)
    if known is not None and known != ours:
        raise Refused(
            f"MEKONG_SECRET is not the secret of this deployment: its fingerprint is {ours.decode()}, not {known.decode()}."
            " Event ids and signatures are made with it: set the one that the deployment was begun with."
        )
