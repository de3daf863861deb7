"""Reads the rules of the detectors, as the settings name them."""

from __future__ import annotations

from mekong.schemas.errors import Refused
from mekong.schemas.settings import Settings
from mekong.streams.core.spikes.rules import DEFAULT, Rules, read


def rules_of(settings: Settings) -> Rules:
    """The rules of the file that MEKONG_RULES names, or the default rules. Raises Refused with the line that is wrong."""
    if settings.rules is None:
        return DEFAULT
    try:
        return read(settings.rules.read_text(encoding="utf-8"), str(settings.rules))
    except (OSError, UnicodeDecodeError) as exc:
        raise Refused(f"MEKONG_RULES: {settings.rules} cannot be read: {exc}") from exc
