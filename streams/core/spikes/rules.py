"""Reads a rules file (TOML) and checks its thresholds. An error names the line that is wrong."""

from __future__ import annotations

import hashlib
import re
import tomllib
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mekong.schemas.alerts import Tier
from mekong.schemas.errors import Refused
from mekong.schemas.wire import canonical
from mekong.streams.core.spikes.statistics.prior import Prior

FORMAT = 1
Probability = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1, le=10_000)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SpikeRules(_Section):
    """SPIKE and RETRO_SPIKE."""

    open_p: Annotated[float, Field(ge=1e-100, lt=1)] = 1e-3
    """An alert opens when a count this high or higher has a smaller probability: about one false alarm in 1,000 buckets of each series."""
    severe_p: Annotated[float, Field(ge=1e-100, lt=1)] = 1e-5
    """Below this probability the alert is SEVERE."""
    clear_p: Probability = 0.05
    """A bucket above this probability is quiet."""
    quiet_buckets: Annotated[int, Field(ge=1, le=30)] = 2
    """So many quiet buckets, one after another and closed, clear the alert."""
    escalate: Annotated[float, Field(ge=1, le=1e6)] = 10.0
    """A SEVERE alert escalates when it is so many times less probable than when it opened."""
    second_look: Annotated[float, Field(ge=1, le=1e6)] = 10.0
    """A bucket that was judged before must be this many times less probable to open an alert."""
    min_cases: Count = 3
    """Fewer cases in a bucket never open an alert."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.severe_p <= self.open_p < self.clear_p:
            raise ValueError("severe_p <= open_p < clear_p must hold")
        return self


class BulkRules(_Section):
    """BULK_REPORT."""

    open_p: Probability = 1e-3
    """An alert opens when as many arrivals on one day have a smaller probability."""
    min_cases: Count = 10
    """Fewer arrivals on one day never open an alert."""
    old_share: Probability = 0.5
    """More than this share of the arrivals must be cases of days that are over."""


class FirstSeenRules(_Section):
    """FIRST_SEEN."""

    novelty: Probability = 0.05
    """An alert opens only if at most this share of the series' cases shows anything new (Good-Turing estimate)."""
    min_cases: Count = 20
    """Cases that must have been counted before."""


class SilenceRules(_Section):
    """SILENCE."""

    p: Probability = 1e-3
    """An alert opens when so long a silence has a smaller probability. ``min_days`` must hold as well."""
    min_days: Count = 7
    """A silence of fewer days in an active phase never opens an alert."""
    min_sendings: Count = 5
    """A member with fewer sendings is not one that usually reports."""


class MajorRules(_Section):
    """MAJOR."""

    spike: Annotated[float, Field(ge=1, le=1e6)] = 4.0
    """From so many times the declared threshold of the goods the alert has the tier SPIKE; below that NOTICE."""
    severe: Annotated[float, Field(ge=1, le=1e6)] = 10.0
    """From so many times the declared threshold the alert is SEVERE."""
    share: Probability = 0.995
    """Over all members: the case must be larger than this share of all cases of the same goods."""
    min_cases: Count = 400
    """Over all members: cases of the same goods that must have been counted before ``share`` is used."""


class SeriesRules(_Section):
    """How series are kept."""

    week_below: Annotated[float, Field(gt=0, le=10)] = 0.2
    """A series with fewer cases a day is judged by the week."""
    prior_shape: Annotated[float, Field(gt=0, le=1e4)] = 0.7
    """Shape of the gamma prior of a new agency's cases a day."""
    prior_rate: Annotated[float, Field(gt=0, le=1e6)] = 1.4
    """Rate of that prior, in days. From phase V: 1,715 cases of 23 members in 154 days, very uneven."""

    @property
    def prior(self) -> Prior:
        """The prior of a new agency's rate."""
        return Prior(self.prior_shape, self.prior_rate)


class Rules(_Section):
    """All sections of the rules."""

    spike: SpikeRules = SpikeRules()
    bulk: BulkRules = BulkRules()
    first_seen: FirstSeenRules = FirstSeenRules()
    silence: SilenceRules = SilenceRules()
    major: MajorRules = MajorRules()
    series: SeriesRules = SeriesRules()

    @property
    def version(self) -> str:
        """Format and hash of the values. Each alert has it."""
        return f"{FORMAT}:{hashlib.blake2b(canonical(self.model_dump()), digest_size=6).hexdigest()}"

    def tier(self, p: float) -> Tier:
        """The tier of a p-value."""
        return Tier.SEVERE if p < self.spike.severe_p else Tier.SPIKE if p < SPIKE_P else Tier.NOTICE


SPIKE_P = 1e-3
"""Below this p-value, an alert has the tier SPIKE. Rules that open alerts earlier give the tier NOTICE."""
DEFAULT = Rules()


def read(text: str, name: str = "rules") -> Rules:
    """The rules in a file's text. Raises Refused with the line of an unknown key or an impossible threshold."""
    try:
        return Rules.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as exc:
        raise Refused(f"{name}: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = [str(part) for part in first["loc"]]
        why = "is not a rule" if first["type"] == "extra_forbidden" else first["msg"]
        raise Refused(f"{name}, line {line_of(text, where)}: {'.'.join(where) or 'rules'}: {why}") from exc


def line_of(text: str, where: list[str]) -> int:
    """The line (from 1) of a key, or of its section when the key is not found."""
    section, found = "", 1
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*([\w.-]+)\s*\]", line)
        if header:
            section = header[1]
        key = re.match(r"\s*([\w.-]+)\s*=", line)
        path = [*filter(None, section.split(".")), *(key[1].split(".") if key else [])]
        if path and path == where[: len(path)]:
            found = number
            if len(path) == len(where):
                return number
    return found
