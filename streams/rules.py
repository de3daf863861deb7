"""Settings in, the rules of the detectors out."""

from __future__ import annotations

from schemas.errors import Refused
from schemas.settings import Settings
from streams.core.spikes.rules import DEFAULT, Rules, read


def rules_of(settings: Settings) -> Rules:
    """Those of the file that MEKONG_RULES names, else the default ones. Raises Refused with the line that is wrong."""
    if settings.rules is None:
        return DEFAULT
    try:
        return read(settings.rules.read_text(encoding="utf-8"), str(settings.rules))
    except (OSError, UnicodeDecodeError) as exc:
        raise Refused(f"MEKONG_RULES: {settings.rules} cannot be read: {exc}") from exc
